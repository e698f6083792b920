from __future__ import annotations

from sklearn.naive_bayes import GaussianNB

from sk_ensemble.utils.artefacts import fitted_attributes


def test_attributes_of_fit_come_in_order_and_without_parameters():
    model = GaussianNB().fit([[0.0], [1.0]], [0, 1])
    found = fitted_attributes(model, "var_")
    assert list(found) == sorted(found)
    assert {"theta_", "classes_"} <= set(found)
    assert set(found).isdisjoint({"priors", "var_smoothing", "var_"})


def test_what_is_only_of_use_in_training_is_left_out():
    model = GaussianNB().fit([[0.0], [1.0]], [0, 1])
    before = fitted_attributes(model)
    model._skl_callbacks = [object()]
    model._metadata_request = {"fit": {}}
    assert fitted_attributes(model).keys() == before.keys()


def test_an_object_without_parameters_has_only_attributes():
    class Plain:
        def __init__(self) -> None:
            self.b, self.a = 1, 2

    assert fitted_attributes(Plain()) == {"a": 2, "b": 1}
