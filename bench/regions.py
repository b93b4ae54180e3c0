"""Makes regions as clerks would hand them in, of any size, with faults planted and recorded beside: seeded, synthetic.

    python bench/regions.py OUT --items 1000 --faults 40 --seed 1 [--regions 1]

Each region is a folder of ``region.ttl`` and CSV tables that breaks no rule but where a fault was planted; what was
planted stands in ``OUT/planted.json``, so that a check can be held against it: all of it found, nothing else reported.
"""

import argparse
import csv
import json
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from app import names
from app.ontology import codes

CATALOGUE = names.resources("data") / "000000" / "sample" / "CatalogueItem.csv"
PREFECTURES = (
    "370100",
    "370200",
    "370300",
    "370400",
    "370500",
    "370600",
    "370700",
    "370800",
    "370900",
    "371000",
)
DECLARED = """@prefix dct: <http://purl.org/dc/terms/> .
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix zwfw: <https://w3id.org/zwfw/def#> .
@prefix codeScheme: <https://w3id.org/zwfw/code/code-scheme/> .

<https://w3id.org/zwfw/id/{code}> a zwfw:Region ; zwfw:usesCodeScheme codeScheme:national .
<https://w3id.org/zwfw/graph/{code}> a dcat:Dataset ;
    dct:title "生成的事项（合成）"@zh , "Generated items (synthetic)"@en ;
    dct:source "由程序生成，不代表任何真实情况"@zh , "Generated; nothing in it is real"@en ;
    dct:license <https://creativecommons.org/licenses/by/4.0/> ;
    dct:issued "2026-11-24"^^xsd:date ;
    zwfw:dataStatus "synthetic" .
"""

Row = dict[str, str]
Tables = dict[str, list[Row]]


@dataclass(frozen=True)
class Planted:
    """A fault: the rule it breaks, and the thing the finding must be about."""

    region: str
    rule: str
    focus: str


def organisation(region: str, number: int) -> str:
    """A unified social credit code with both check characters right (GB 32100, GB 11714)."""
    body = f"{99000000 + number:08}"
    body += codes.body_check_character(body + "0")
    return (head := "11" + region + body) + codes.organisation_check_character(head + "0")


def clean(region: str, items: int) -> Tables:
    """Tables that break no rule: ``items`` implemented items with materials, steps, results and publications."""
    with CATALOGUE.open(encoding="utf-8", newline="") as file:
        # Those that fix name, code, type and legal basis only: conditions and times are the generator's own.
        catalogue = [
            row
            for row in csv.DictReader(file)
            if row["事项类型代码"] in ("01", "07", "05", "20") and not row["受理条件"]
        ]
    tables: Tables = {
        name: []
        for name in (
            "Department",
            "ImplementedItem",
            "Material",
            "ProcessStep",
            "Result",
            "PlatformPublication",
        )
    }
    tables["Platform"] = [{"平台代码": "P-1", "名称": "政务服务网（合成）", "服务地区": region}]
    for number in range(items):
        which, claimed = divmod(number, len(catalogue))
        department, item = organisation(region, which), catalogue[claimed]
        if claimed == 0:
            tables["Department"].append(
                {
                    "部门名称": f"第{which + 1}局（合成）",
                    "统一社会信用代码": department,
                    "行政区划代码": region,
                }
            )
        code = f"{department}3{item['基本编码']}"
        tables["ImplementedItem"].append(
            {
                "实施编码": code, "基本编码": item["基本编码"], "事项名称": item["事项名称"],
                "事项类型": item["事项类型"], "事项类型代码": item["事项类型代码"], "行使层级代码": "3",
                "行使层级": "市级", "实施主体编码": department, "对应基本目录事项": f"000000/{item['基本编码']}",
                "行政区划代码": region, "实施主体": f"第{which + 1}局（合成）", "设定依据": item["设定依据"],
                "受理条件": f"符合第{number + 1}项规定的条件。", "办理流程": "申请—受理—审查—决定—送达",
                "法定办结时限": "20", "法定办结时限单位": "工作日", "承诺办结时限": str(1 + number % 20),
                "承诺办结时限单位": "工作日", "承诺办结时限说明": "自受理之日起计算", "办件类型": "2",
                "服务对象代码": "2", "是否收费": "否", "是否支持网上支付": "否", "到办事现场次数": "1",
                "必须现场办理原因说明": "须核验原件", "办理地点": f"政务服务中心 {number % 40 + 1} 号窗口（合成）",
                "办理时间": "工作日 9:00—17:00", "咨询电话": f"0535-1{number:06}", "监督电话": f"0535-2{number:06}",
                "权力来源": "1", "事项状态": "在用", "事项版本": "2", "实施主体性质": "法定机关",
                "特别程序代码": "2", "咨询方式": "电话", "监督投诉方式": "电话", "计算机端是否对接单点登录": "是",
                "移动端是否对接单点登录": "是", "记录唯一标识": f"{region}-{number}", "数据来源": "合成数据",
                "是否进驻政务大厅": "是",
            }
        )  # fmt: skip
        for nth, name in enumerate(("申请书", "情况说明"), 1):
            tables["Material"].append(
                {
                    "所属事项": code, "材料序号": str(nth), "材料名称": f"{name}（合成）", "是否必备材料": "是",
                    "材料来源": "申请人自备", "材料形式": "纸质", "原件份数": "1", "复印件份数": "0",
                }
            )  # fmt: skip
        for nth, kind in enumerate(("受理", "审查", "决定"), 1):
            tables["ProcessStep"].append(
                {
                    "环节所属事项": code, "环节序号": str(nth), "名称": kind, "环节类型": kind,
                    "环节承担部门": department, "下一环节": f"{code}~{nth + 1}" if nth < 3 else "",
                }
            )  # fmt: skip
        tables["Result"].append(
            {
                "结果所属事项": code, "结果序号": "1", "名称": "办理结果证（合成）", "结果类型": "证照",
                "结果样本": "https://example.org/sample",
            }
        )  # fmt: skip
        tables["PlatformPublication"].append(
            {"所发布的事项": code, "发布平台": "P-1", "事项名称": item["事项名称"], "发布版本": "2"}
        )
    return tables


def _set(table: str, **cells: str) -> Callable[[Tables, int], None]:
    return lambda tables, at: tables[table][at].update(cells)


FAULTS: dict[str, list[tuple[str, Callable[[Tables, int], None]]]] = {
    "ImplementedItem": [
        ("R20", _set("ImplementedItem", 权力来源="")),
        ("R20", _set("ImplementedItem", 办理时间="")),
        ("R22", _set("ImplementedItem", 受理条件="详见附件")),
        ("R23", _set("ImplementedItem", 办理地点="远" * 101)),
        ("R29", _set("ImplementedItem", 承诺办结时限="30")),
        ("R30", _set("ImplementedItem", 办件类型="1", 承诺办结时限="3")),
        ("R33", _set("ImplementedItem", 是否支持网上支付="是")),
        ("R35", _set("ImplementedItem", 必须现场办理原因说明="")),
        (
            "R38",
            lambda tables, at: tables["ImplementedItem"][at].update(
                监督电话=tables["ImplementedItem"][at]["咨询电话"]
            ),
        ),
        ("R46", _set("ImplementedItem", 事项名称="自拟名称")),
        ("R48", _set("ImplementedItem", 对应基本目录事项="")),
    ],
    "Material": [
        ("R42", _set("Material", 是否必备材料="")),
        ("R42", _set("Material", 原件份数="0")),
        ("R42", _set("Material", 材料来源="政府部门核发")),
    ],
    "Result": [("R39", _set("Result", 结果类型="其他")), ("R39", _set("Result", 结果样本=""))],
    "PlatformPublication": [
        ("R49", _set("PlatformPublication", 发布版本="1")),
        ("R49", _set("PlatformPublication", 事项名称="平台自拟名称")),
    ],
}
"""By table: the rules and what breaks them, and nothing but them, in one row."""
FOLLOWS = {"R46": [("PlatformPublication", "R49")]}
"""What else a fault breaks: a renamed item has another name than its publication."""


def plant(tables: Tables, region: str, faults: int, chance: random.Random) -> list[Planted]:
    """Break ``faults`` rows, each of another item, and say which."""
    rows = len(tables["ImplementedItem"])
    found: list[Planted] = []
    kinds = [(table, rule, fault) for table, listed in FAULTS.items() for rule, fault in listed]
    for nth, item in enumerate(chance.sample(range(rows), min(faults, rows))):
        table, rule, fault = kinds[nth % len(kinds)]
        each = len(tables[table]) // rows
        at = item * each
        fault(tables, at)
        found.append(Planted(region, rule, _focus(region, table, tables[table][at])))
        for other, broken in FOLLOWS.get(rule, []):
            found.append(Planted(region, broken, _focus(region, other, tables[other][item])))
    return found


KEYS = {
    "ImplementedItem": ("实施编码",),
    "Material": ("所属事项", "材料序号"),
    "Result": ("结果所属事项", "结果序号"),
    "PlatformPublication": ("所发布的事项", "发布平台"),
}


def _focus(region: str, table: str, row: Row) -> str:
    return names.thing(region, table, *(row[heading] for heading in KEYS[table]))


def write(folder: Path, region: str, items: int, faults: int, seed: int) -> list[Planted]:
    """A region's folder with ``faults`` planted; the same arguments give the same bytes."""
    tables = clean(region, items)
    planted = plant(tables, region, faults, random.Random(f"{seed}-{region}"))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "region.ttl").write_text(DECLARED.format(code=region), "utf-8")
    for name, rows in tables.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return planted


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--regions", type=int, default=1, choices=range(1, len(PREFECTURES) + 1))
    parser.add_argument("--items", type=int, default=1000)
    parser.add_argument("--faults", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    planted = [
        fault
        for region in PREFECTURES[: given.regions]
        for fault in write(given.out / region, region, given.items, given.faults, given.seed)
    ]
    (given.out / "planted.json").write_text(
        json.dumps([vars(fault) for fault in planted], ensure_ascii=False, indent=1), "utf-8"
    )


if __name__ == "__main__":
    main()
