import { describe, expect, it } from "vitest";
import { businessDays, cutoff } from "./business-days.ts";
import { calendar } from "./calendar.ts";

const BERLIN = cutoff("17:00", "Europe/Berlin");
const dueAt = (deadline: ReturnType<typeof businessDays>, time: string) =>
  new Date(deadline.dueAt(Date.parse(time))).toISOString().replace(":00.000Z", "Z");

describe("business days", () => {
  it.each([
    ["before the cutoff", "2026-03-03T10:00Z", "2026-03-05T16:00Z"],
    ["at the cutoff", "2026-03-03T16:00Z", "2026-03-05T16:00Z"],
    ["after the cutoff: as of the next day", "2026-03-03T16:00:00.001Z", "2026-03-06T16:00Z"],
    ["over a weekend", "2026-03-05T10:00Z", "2026-03-09T16:00Z"],
    ["on a Saturday: as of Monday", "2026-03-07T10:00Z", "2026-03-11T16:00Z"],
    ["on Friday after the cutoff: as of Monday", "2026-03-06T18:00Z", "2026-03-11T16:00Z"],
    ["over Easter, and the change to summer time", "2026-03-27T10:00Z", "2026-03-31T15:00Z"],
    ["over Good Friday and Easter Monday", "2026-04-02T10:00Z", "2026-04-08T15:00Z"],
    ["over Christmas and New Year", "2026-12-31T18:00Z", "2027-01-06T16:00Z"],
  ])("%s", (_, time, due) => {
    expect(dueAt(businessDays(2, "TARGET2", BERLIN), time)).toBe(due);
  });

  it("of no day: the cutoff of the day itself", () => {
    expect(dueAt(businessDays(0, "weekdays", cutoff("12:00")), "2026-03-03T11:00Z")).toBe("2026-03-03T12:00Z");
    expect(dueAt(businessDays(0, "weekdays", cutoff("12:00")), "2026-03-06T13:00Z")).toBe("2026-03-09T12:00Z");
  });

  it("take the calendar's zone where the cutoff names none, and end with the day at 24:00", () => {
    expect(dueAt(businessDays(1, "FED", cutoff("18:30")), "2026-07-02T22:00Z")).toBe("2026-07-03T22:30Z");
    expect(dueAt(businessDays(1, "FED", cutoff("24:00")), "2026-07-03T03:59Z")).toBe("2026-07-04T04:00Z");
    expect(dueAt(businessDays(1, "FED", cutoff("24:00")), "2026-07-03T04:01Z")).toBe("2026-07-07T04:00Z");
  });

  it("end when clocks go on where they skip the cutoff, and at the first of two", () => {
    const night = businessDays(1, calendar("every day", { zone: "Europe/Berlin", weekend: [] }), cutoff("02:30"));
    expect(dueAt(night, "2026-03-28T00:00Z")).toBe("2026-03-29T01:00Z");
    expect(dueAt(night, "2026-10-24T00:00Z")).toBe("2026-10-25T00:30Z");
  });

  it("know a deadline for every time, however far", () => {
    const deadline = businessDays(2, "TARGET2", BERLIN);
    for (const time of [-8.64e15, 0, Date.parse("9999-12-31T23:59:59Z"), 8.64e15]) {
      expect(Number.isFinite(deadline.dueAt(time))).toBe(true);
    }
  });

  it("name all that decides them", () => {
    expect(businessDays(2, "TARGET2", cutoff("17:00")).text).toBe("businessDays(2, TARGET2, 17:00 Europe/Berlin)");
  });

  it.each([
    ["a calendar that is none", () => businessDays(1, "TARGET" as "TARGET2", BERLIN), /one of TARGET2, FED, weekdays/],
    ["half a day", () => businessDays(0.5, "FED", BERLIN), /its days should be from 0/],
    ["no cutoff", () => businessDays(1, "FED", undefined as never), /its cutoff is missing/],
    ["a time that is none", () => cutoff("25:00"), /its time is "25:00"/],
    ["a zone that is none", () => cutoff("17:00", "CET/Somewhere"), /its zone is "CET\/Somewhere"/],
  ])("are refused for %s", (_, make, message) => {
    expect(make).toThrow(message);
  });
});
