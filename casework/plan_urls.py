from django.urls import path

from casework.views import plans

urlpatterns = [
    path("<int:case_id>/plan/", plans.PlanDetail.as_view(), name="plan-detail"),
    path("<int:case_id>/plan/edit/", plans.PlanForm.as_view(), name="plan-edit"),
    path("<int:case_id>/plan/submit/", plans.SubmitPlan.as_view(), name="plan-submit"),
    path("<int:case_id>/plan/decide/", plans.DecidePlan.as_view(), name="plan-decide"),
    path(
        "<int:case_id>/plan/measures/<uuid:measure_key>/",
        plans.MeasureDone.as_view(),
        name="plan-measure",
    ),
    path("<int:case_id>/plan/<int:plan_no>/pdf/", plans.PlanFile.as_view(), name="plan-pdf"),
    path(
        "<int:case_id>/plan/<int:plan_no>/docx/",
        plans.PlanFile.as_view(as_word=True),
        name="plan-docx",
    ),
]
