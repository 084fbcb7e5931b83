from config.urls import urlpatterns as product

urlpatterns = [*product]
