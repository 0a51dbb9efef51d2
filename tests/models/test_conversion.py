import argparse

import pytest
import torch
from checkpoints import load, net

from benchmark.errors import MettleError
from benchmark.models import convert


def test_namespace_needs_trust_and_keeps_the_tensors(tmp_path):
    source, target = tmp_path / "net.pth", tmp_path / "net.safetensors"
    state = {f"module.{key}": tensor for key, tensor in net().state_dict().items()}
    torch.save({"state_dict": state, "args": argparse.Namespace(lr=0.1)}, source)
    with pytest.raises(MettleError, match=r"--trust.*can run any code"):
        convert(source, target)
    assert not target.exists()
    lines = convert(source, target, trust=True)
    assert lines[:2] == ["opened 'state_dict', left 'args'", "removed prefix 'module.'"]
    assert lines[-1] == f"wrote {len(state)} tensors to {target}"
    images = torch.rand(3, 1, 28, 28)
    assert torch.allclose(load(target).module(images), net()(images), atol=1e-5)


@pytest.mark.slow
def test_whole_module_is_reduced_to_its_state(tmp_path):
    torch.save(net(), tmp_path / "net.pth")
    convert(tmp_path / "net.pth", tmp_path / "net.safetensors", trust=True)
    assert load(tmp_path / "net.safetensors").stripped == ()


def test_safe_file_needs_no_trust_and_shared_tensors_are_stored_apart(tmp_path):
    weight = torch.arange(6.0)
    torch.save({"a": weight, "b": weight, "c": weight[2:4]}, tmp_path / "net.pth")
    lines = convert(tmp_path / "net.pth", tmp_path / "net.safetensors")
    assert "tensors shared memory" in lines[0]
    from safetensors.torch import load_file

    stored = load_file(tmp_path / "net.safetensors")
    assert torch.equal(stored["b"], weight)
    assert torch.equal(stored["c"], weight[2:4])


def test_a_data_set_is_no_checkpoint(tmp_path):
    torch.save({"data": [[torch.zeros(1, 1, 2, 2), torch.zeros(1)]], "accs_all_exps": {}}, tmp_path / "set.pt")
    with pytest.raises(MettleError, match=r"a distilled data set\. Add --kind distilled"):
        convert(tmp_path / "set.pt", tmp_path / "set.safetensors")


@pytest.mark.parametrize(
    ("names", "fix"),
    [
        (("images", "labels"), "Add --kind distilled"),
        (("image_syn", "label_syn"), "Add --kind distilled"),
        (("images", "soft_labels"), "Add --kind distilled"),
        (("indices", "weights"), "mettle init NAME --task TASK"),
        (("suspicion",), "mettle init NAME --task TASK"),
    ],
)
def test_arrays_named_like_those_of_a_set_are_no_weights(tmp_path, names, fix):
    torch.save({name: torch.zeros(2) for name in names}, tmp_path / "set.pt")
    with pytest.raises(MettleError, match=fix):
        convert(tmp_path / "set.pt", tmp_path / "set.safetensors")
    assert not (tmp_path / "set.safetensors").exists()


def test_a_buffer_of_a_net_may_be_called_labels(tmp_path):
    torch.save({"labels": torch.zeros(2), "layer.weight": torch.zeros(2)}, tmp_path / "net.pt")
    assert convert(tmp_path / "net.pt", tmp_path / "net.safetensors")[-1].startswith("wrote 2 tensors")


def test_failures_leave_no_target_and_one_line(tmp_path):
    (tmp_path / "net.pth").write_text("<html>")
    for trust in (False, True):
        with pytest.raises(MettleError) as caught:
            convert(tmp_path / "net.pth", tmp_path / "net.safetensors", trust=trust)
        assert "\n" not in str(caught.value)
    with pytest.raises(MettleError, match="no such file"):
        convert(tmp_path / "absent.pth", tmp_path / "net.safetensors", trust=True)
    with pytest.raises(MettleError, match=r"named \.safetensors"):
        convert(tmp_path / "net.pth", tmp_path / "net.pt")
    (tmp_path / "there.safetensors").write_bytes(b"keep")
    with pytest.raises(MettleError, match="not overwritten"):
        convert(tmp_path / "net.pth", tmp_path / "there.safetensors")
    assert (tmp_path / "there.safetensors").read_bytes() == b"keep"
    assert {path.name for path in tmp_path.iterdir()} == {"net.pth", "there.safetensors"}
