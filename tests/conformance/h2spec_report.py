"""Compares a JUnit report of h2spec with the cases on which the service knowingly differs: h2spec_report.py REPORT KNOWN"""

import sys
import xml.etree.ElementTree as tree


def main():
    report, known = sys.argv[1:]
    reasons = {}
    with open(known) as lines:
        for line in lines:
            if line.strip() and not line.startswith("#"):
                case, reason = line.strip().split("  ", 1)
                reasons[case] = reason.strip()
    failed, passed = {}, 0
    for suite in tree.parse(report).getroot().iter("testsuite"):
        for case in suite.iter("testcase"):
            name = f'{case.get("package")}: {case.get("classname")}'
            problem = case.find("failure") if case.find("failure") is not None else case.find("error")
            if problem is None:
                passed += case.find("skipped") is None
            else:
                failed[name] = " ".join((problem.text or "").split())
    unexpected = {name: why for name, why in failed.items() if name not in reasons}
    stale = [name for name, why in reasons.items() if name not in failed and not why.startswith("(at times)")]
    for name, why in unexpected.items():
        print(f"FAILED  h2spec {name}\n        {why}")
    for name in stale:
        print(f"FAILED  h2spec {name}: passes now, take it off the list")
    differing = [name for name in failed if name in reasons]
    print(f"{'ok    ' if not unexpected and not stale else 'FAILED'}  h2spec: {passed} cases pass, {len(differing)} differ as known")
    sys.exit(1 if unexpected or stale or passed < 100 else 0)


main()
