/** What users test their jobs with. */
export { type TestChange, TestDriver, type TestRow, type TestSources, testJob } from "./test-driver.ts";
