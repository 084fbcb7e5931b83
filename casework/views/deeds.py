from typing import Any

from casework import forms, services
from casework.states import Action
from casework.views.case import ActOnCase
from core.access import Permission


class VerifyCase(ActOnCase):
    action, form_class, deed = Action.VERIFY, forms.VerifyForm, services.verify_case
    days = ("verified_on",)
    submit = "保存核查结果"

    def get_initial(self) -> dict[str, Any]:
        return super().get_initial() | {"verified_by": self.request.user.full_name}


class AdvanceCase(ActOnCase):
    form_class: type[forms.CaseForm] = forms.AdvanceForm
    deed = services.advance_case
    days = ("on",)

    def asked(self, form: forms.CaseForm) -> dict[str, Any]:
        return super().asked(form) | {"action": self.action}


class PersuadeCase(AdvanceCase):
    action = Action.PERSUADE


class EscalateCase(AdvanceCase):
    action = Action.ESCALATE


class ObserveStudent(AdvanceCase):
    action, form_class = Action.OBSERVE, forms.ObserveForm


class ReturnStudent(ActOnCase):
    action, form_class, deed = Action.RETURN, forms.ReturnForm, services.return_student
    days = ("returned_on",)


class SettlePlacement(ActOnCase):
    action, form_class, deed = Action.SETTLE, forms.SettleForm, services.settle_placement
    days = ("on",)


class PlaceStudent(ActOnCase):
    action, form_class, deed = Action.PLACE, forms.PlaceForm, services.place_student
    days = ("on",)


class AwaitReceipt(ActOnCase):
    action, form_class, deed = Action.TRANSFER, forms.TransferForm, services.await_receipt
    days = ("on",)


class TakeReceipt(ActOnCase):
    action, form_class, deed = Action.RECEIPT, forms.ReceiptForm, services.take_receipt


class RecordRelapse(ActOnCase):
    action, form_class, deed = Action.RELAPSE, forms.RelapseForm, services.record_relapse
    days = ("on",)


class ProposeLapse(ActOnCase):
    action, form_class, deed = Action.PROPOSE, forms.ProposeForm, services.propose_lapse
    days = ("on",)


class WithdrawLapse(ActOnCase):
    action, form_class, deed = Action.WITHDRAW, forms.WithdrawForm, services.withdraw_lapse
    days = ("on",)


class CloseCase(ActOnCase):
    permission = Permission.CASE_CLOSE
    action, form_class, deed = Action.CLOSE, forms.CloseForm, services.close_case
    days = ("closed_on",)


class LapseCase(ActOnCase):
    permission = Permission.CASE_CLOSE
    action, form_class, deed = Action.LAPSE, forms.LapseForm, services.lapse_case
    days = ("closed_on",)
