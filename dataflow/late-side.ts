/** The tag of the side output with the rows that came too late for an operator. */
export const LATE = "late";
