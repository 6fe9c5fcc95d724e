"""The plan of the house: no circle of imports, nothing private taken from another file, nothing public lost."""

import ast
import inspect
import json
import re
import tomllib
from pathlib import Path

import grimp
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

import lmmkit as lk

HOUSE = Path(lk.__file__).parent
SURFACE = json.loads((Path(__file__).parent / "reference" / "public_surface.json").read_text("utf-8"))
FILES = sorted(HOUSE.rglob("*.py"))


def test_no_two_modules_import_each_other_even_for_types_or_late():
    graph = grimp.build_graph("lmmkit", include_external_packages=False, exclude_type_checking_imports=False)
    names = sorted(graph.modules)
    place = {name: number for number, name in enumerate(names)}
    arrows = [
        (place[name], place[other])
        for name in names
        for other in graph.find_modules_directly_imported_by(name)
    ]
    start, end = zip(*arrows, strict=True)
    matrix = coo_array(([1] * len(arrows), (start, end)), shape=(len(names), len(names)))
    count, label = connected_components(matrix, connection="strong")
    groups = [[name for name in names if label[place[name]] == number] for number in range(count)]
    circles = [group for group in groups if len(group) > 1]
    assert circles == []


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(HOUSE)) for path in FILES])
def test_private_names_stay_in_their_file(path):
    taken = [
        f"line {node.lineno}: {alias.name}"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").startswith("lmmkit"))
        for alias in node.names
        if alias.name.startswith("_") and not alias.name.startswith("__")
    ]
    assert taken == []


#: Private by their name only: Python's, a named tuple's, and what matplotlib keeps to itself.
NOT_OURS = {"_replace", "_getframe", "_left_title", "_right_title"}


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(HOUSE)) for path in FILES])
def test_private_members_of_another_object_stay_in_their_file(path):
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    own = {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    own |= {
        node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    }
    read = [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in nodes
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.endswith("_")
        if node.attr not in own | NOT_OURS and ast.unparse(node.value) not in ("self", "cls", "super()")
    ]
    assert read == []


LAYERS = tomllib.loads((HOUSE.parent / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
    "contracts"
]
FLOORS = [floor.split(" | ") for floor in LAYERS[0]["layers"]]


@pytest.mark.parametrize("floor", range(len(FLOORS)))
def test_a_room_says_what_it_is_and_what_it_may_import(floor):
    below = {room for lower in FLOORS[floor + 1 :] for room in lower}
    for room in FLOORS[floor]:
        said = ast.get_docstring(ast.parse((HOUSE / room / "__init__.py").read_text("utf-8")))
        assert said is not None
        allowed, _, refused = said.split("May import ")[1].partition(";")
        if "every room" in allowed:
            assert set(re.findall(r"`(\w+)`", allowed)) == {
                room for upper in FLOORS[:floor] for room in upper
            }
        elif not below:
            assert allowed == "no room."
        else:
            named = re.findall(r"`(\w+)`", allowed)
            assert named and set(named) <= set(FLOORS[floor + 1])
            assert ("what lies below" in allowed) == (floor + 2 < len(FLOORS))
        assert set(re.findall(r"`(\w+)`", refused)) <= set(FLOORS[floor]) - {room}


def test_the_table_of_rooms_has_them_all_from_the_top_down():
    table = (
        (HOUSE.parent / "CONTRIBUTING.md").read_text("utf-8").split("| floor | rooms |")[1].split("\n\n")[0]
    )
    rooms = [room for floor in FLOORS for room in floor]
    places = [table.index(f"`{room}`") for room in rooms]
    floor_of = [
        min(place for place, other in zip(places, rooms, strict=True) if other in floor) for floor in FLOORS
    ]
    assert floor_of == sorted(floor_of)


def test_few_modules_stand_outside_a_room():
    assert len(list(HOUSE.glob("*.py"))) <= 8


@pytest.fixture(scope="module")
def fits():
    sleep = lk.load_data("sleepstudy")
    sleep = sleep.assign(k=(sleep["Reaction"] // 50).astype(int))
    return {
        "lmer": lk.lmer("Reaction ~ Days + (Days | Subject)", sleep),
        "glmer": lk.glmer("k ~ Days + (1 | Subject)", sleep, "poisson"),
        "lm": lk.lm("Reaction ~ Days", sleep),
        "glm": lk.glm("k ~ Days", sleep, "poisson"),
    }


@pytest.mark.parametrize("name", ["lmer", "glmer", "lm", "glm"])
def test_every_member_of_the_first_edition_is_there_with_its_arguments(fits, name):
    fit = fits[name]
    for member, arguments in SURFACE[name].items():
        assert hasattr(type(fit), member) or member in vars(fit), member
        if arguments is not None:
            now = list(inspect.signature(getattr(fit, member)).parameters)
            assert "options" in arguments or set(arguments) <= set(now), member
    assert set(SURFACE[f"{name}.plot"]) <= set(dir(fit.plot))


def test_every_public_name_of_the_first_edition_is_there_with_its_arguments():
    for name, arguments in SURFACE["lmmkit"].items():
        assert name in lk.__all__
        if arguments is not None:
            assert set(arguments) <= set(inspect.signature(getattr(lk, name)).parameters), name
    for name, arguments in SURFACE["families"].items():
        assert list(inspect.signature(getattr(lk.families, name)).parameters)[: len(arguments)] == arguments
