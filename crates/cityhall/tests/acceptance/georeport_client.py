"""The Python package `georeport` (an Open311 reader that others wrote) against a running server, over JSON and over XML.

Arguments: the server's base address. Lists services, reads a definition, lists with filters and reads one request, and
compares what the two formats say. Any surprise ends it with a traceback.
"""

import sys

from georeport import GeoReport

base = sys.argv[1]
formats = {form: GeoReport(base + "/open311/v2", output_format=form) for form in ("json", "xml")}


def check(truth, what):
    if not truth:
        raise AssertionError(what)


def texts(value):
    """JSON as a reader of XML sees it: numbers and booleans as words, what is empty as nothing."""
    if isinstance(value, dict):
        return {name: texts(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [texts(inner) for inner in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value in (None, "") else str(value)


def same(ask, what):
    in_json, in_xml = ask(formats["json"]), ask(formats["xml"])
    check(in_json and in_xml, what)
    check(texts(in_json) == texts(in_xml), "%s: %r is not %r" % (what, in_json, in_xml))
    return in_json


services = same(lambda city: city.get_service_list(), "the service list")
check("pothole" in {service["service_code"] for service in services}, services)

definition = formats["json"].get_service_definition("pothole")
in_xml = formats["xml"].get_service_definition("pothole")
check(in_xml["service_code"] == definition["service_code"] == "pothole", in_xml)
asked = in_xml["attributes"]["attribute"]
check([a["code"] for a in asked] == [a["code"] for a in definition["attributes"]], asked)

window = {"start_date": "2020-03-01T00:00:00Z", "end_date": "2020-05-20T00:00:00Z"}
listed = same(lambda city: city.get_service_requests(**window), "the requests of a spring")
check(len(listed) > 1, len(listed))
closed = same(lambda city: city.get_service_requests(status="closed", **window), "the closed ones")
check(1 < len(closed) <= len(listed) and all(request["status"] == "closed" for request in closed), len(closed))

number = listed[0]["service_request_id"]
one = formats["json"].get_service_request(number)
check(number in repr(one) and number in repr(formats["xml"].get_service_request(number)), one)

print("georeport: all is well")
