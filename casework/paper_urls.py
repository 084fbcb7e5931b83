from django.urls import path

from casework.views import fines, papers

# `issued_id`: a paper of the caller's own body, which alone acts on it.
urlpatterns = [
    path("", papers.PaperIndex.as_view(), name="paper-list"),
    path("fines/", fines.FineRules.as_view(), name="fine-rules"),
    path("fines/<int:fine_rule_id>/end/", fines.EndFineRule.as_view(), name="fine-rule-end"),
    path("<int:paper_id>/", papers.PaperDetail.as_view(), name="paper-detail"),
    path("<int:paper_id>/pdf/", papers.PaperFile.as_view(), name="paper-pdf"),
    path("<int:paper_id>/docx/", papers.PaperFile.as_view(as_word=True), name="paper-docx"),
    path("<int:paper_id>/scan/", papers.PaperScan.as_view(), name="paper-scan"),
    path("<int:issued_id>/scan/new/", papers.AddScan.as_view(), name="paper-scan-new"),
    path("<int:issued_id>/serve/", papers.ServePaper.as_view(), name="paper-serve"),
    path("<int:issued_id>/result/", papers.RecordResult.as_view(), name="paper-result"),
    path("<int:issued_id>/void/", papers.VoidPaper.as_view(), name="paper-void"),
]
