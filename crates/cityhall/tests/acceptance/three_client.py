"""The Python package `three` (an Open311 client that others wrote) against a running server.

Arguments: the server's base address, an API key, the path of a photo. Discovers, lists services, reads a definition,
posts requests (one with a photo, one of a batch service), reads them back, lists and filters. Any surprise ends it with
a traceback.
"""

import itertools
import sys
import time

# `three` is of 2013 and asks for one function by its name of that time; nothing else of it is touched.
itertools.ifilter = filter
from three import Three  # noqa: E402

base, key, photo = sys.argv[1:4]


def check(truth, what):
    if not truth:
        raise AssertionError(what)


city = Three(base + "/open311/v2", api_key=key, discovery=base + "/open311/discovery.json")

discovery = city.discovery()
endpoint = [e for e in discovery["endpoints"] if e["specification"] == "http://wiki.open311.org/GeoReport_v2"][0]
check("application/json" in endpoint["formats"] and "text/xml" in endpoint["formats"], endpoint)
city = Three(endpoint["url"], api_key=key)

services = {service["service_code"]: service for service in city.services()}
check("pothole" in services and "street-light" in services, sorted(services))
check(services["pothole"]["metadata"] is True and services["pothole"]["type"] == "realtime", services["pothole"])
batch = [code for code, service in services.items() if service["type"] == "batch"]
check(batch, "a batch service")

definition = city.services("pothole")
attributes = {attribute["code"]: attribute for attribute in definition["attributes"]}
kinds = {attribute["datatype"] for attribute in attributes.values()}
check(kinds >= {"string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"}, kinds)
required = [a for a in attributes.values() if a["required"] and a["variable"]]
check(required, "at least one required question")
answers = {"attribute[%s]" % a["code"]: a["values"][0]["key"] if a.get("values") else "1" for a in required}

made = city.post("pothole", lat=41.6012, long=-93.7031, description="A deep one\r\nin front of the bakery",
                 email="ana.ruiz@alderfalls.example", first_name="Ana", last_name="Ruiz", **answers)
number = made[0]["service_request_id"]
check(number and "token" not in made[0], made)

with open(photo, "rb") as picture:
    pictured = city.post("street-light", address="1200 Mill St", description="Out since Monday",
                         media=picture, name="Sam Okafor", phone="641-555-0143")
check(pictured[0]["service_request_id"] != number, pictured)

one = city.request(number)[0]
check(one["status"] == "open" and one["service_code"] == "pothole", one)
check(one["description"] == "A deep one\nin front of the bakery", one)
check(abs(one["lat"] - 41.6012) < 1e-9 and abs(one["long"] + 93.7031) < 1e-9, one)
check("ana.ruiz" not in repr(one), one)

lit = city.request(pictured[0]["service_request_id"])[0]
check(lit["media_url"] and lit["media_url"].startswith("http") and lit["address"].startswith("1200 Mill St"), lit)

listed = [request["service_request_id"] for request in city.requests("pothole")]
check(number in listed, listed)
check(number not in [r["service_request_id"] for r in city.requests("street-light")], "another service")
check(all(r["status"] == "closed" for r in city.requests(status="closed")), "only closed ones")
# Three writes dates as month-day-year and sends ISO 8601.
old = city.requests(start="03-01-2020", end="05-20-2020")
check(len(old) > 0 and all(r["requested_datetime"].startswith("2020-") for r in old), old[:1])

try:
    refused = Three(endpoint["url"], api_key="wrong").post("street-light", address="1200 Mill St")
except Exception as error:  # three has no errors of its own
    refused = repr(error)
check("403" in repr(refused) or "key" in repr(refused).lower(), refused)

sent = city.post(batch[0], address="1200 Mill St", description="Cracked", **{
    "attribute[%s]" % a["code"]: a["values"][0]["key"] if a.get("values") else "1"
    for a in city.services(batch[0])["attributes"] if a["required"] and a["variable"]})
token = sent[0]["token"]
check("service_request_id" not in sent[0], sent)
for _ in range(100):
    answer = city.token(token)
    if answer and answer[0].get("service_request_id"):
        break
    time.sleep(0.1)
check(answer[0]["service_request_id"], "a batch request has its number within 10 seconds: %r" % answer)

print("three: all is well")
