"""Links of residents, needs, calls, stock, deliveries and medical access."""

from supplies.models.calls import Call, CareCall, CarePlan, Hotline, HotlineShift
from supplies.models.delivery import Car, Carrier, DeliveryRound, MutualSupply, ReceivingPoint, Stop
from supplies.models.household import ResidentLink
from supplies.models.medical import CareSite, Consult, Counsel, MedicalNeed, Prescription, Trip
from supplies.models.need import Need, NeedEvent, NeedLimit, NeedLine
from supplies.models.plan import SupplyPlan, SupplyPlanReview
from supplies.models.stock import (
    Balance,
    Item,
    KitPart,
    Lot,
    MinimumLevel,
    Movement,
    StockCount,
    Store,
    Supplier,
)

__all__ = [
    "Balance",
    "Call",
    "Car",
    "CareCall",
    "CarePlan",
    "CareSite",
    "Carrier",
    "Consult",
    "Counsel",
    "DeliveryRound",
    "Hotline",
    "HotlineShift",
    "Item",
    "KitPart",
    "Lot",
    "MedicalNeed",
    "MinimumLevel",
    "Movement",
    "MutualSupply",
    "Need",
    "NeedEvent",
    "NeedLimit",
    "NeedLine",
    "Prescription",
    "ReceivingPoint",
    "ResidentLink",
    "StockCount",
    "Stop",
    "Store",
    "Supplier",
    "SupplyPlan",
    "SupplyPlanReview",
    "Trip",
]
