import pytest
from readme import README, console_examples, python_examples

TEXT = README.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("readme")


@pytest.fixture(scope="module")
def blocks(folder):
    return list(python_examples(TEXT, folder))


def test_every_python_block_prints_what_is_shown(blocks):
    assert len(blocks) >= 8
    for code, shown, printed in blocks:
        assert printed == shown, code


def test_every_command_prints_what_is_shown(blocks, folder):
    found = list(console_examples(TEXT, folder))
    assert len(found) == 4
    for command, shown, printed in found:
        assert printed == shown, command
