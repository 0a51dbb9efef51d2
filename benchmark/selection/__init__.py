"""Selection methods: which images to keep, as pure functions of features, labels and probabilities."""

from benchmark.selection.confident_learning import confident_joint, wrong_labels
from benchmark.selection.el2n import el2n
from benchmark.selection.example_scores import lowest_by_class, ranked
from benchmark.selection.forgetting import forgetting_events
from benchmark.selection.herding import herding, herding_by_class
from benchmark.selection.k_center import k_center, k_center_by_class
from benchmark.selection.k_means import Clusters, k_means
from benchmark.selection.margin import margins
from benchmark.selection.neighbour_agreement import neighbour_agreement
from benchmark.selection.oracle import oracle
from benchmark.selection.quotas import class_quotas, within_classes
from benchmark.selection.random_choice import balanced_random_choice, random_choice
from benchmark.selection.small_loss import label_losses, trusted

__all__ = [
    "Clusters",
    "balanced_random_choice",
    "class_quotas",
    "confident_joint",
    "el2n",
    "forgetting_events",
    "herding",
    "herding_by_class",
    "k_center",
    "k_center_by_class",
    "k_means",
    "label_losses",
    "lowest_by_class",
    "margins",
    "neighbour_agreement",
    "oracle",
    "random_choice",
    "ranked",
    "trusted",
    "within_classes",
    "wrong_labels",
]
