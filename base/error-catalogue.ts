/**
 * Every error that users can meet: whose fault it is, whether trying again can help, and a message that says what
 * to do. `{name}` is filled from the error's details. Kept sorted by code.
 */
export const errorCatalogue = {
  AVRO_CORRUPT: {
    fault: "external",
    retryable: false,
    message:
      "Record cannot be decoded with its Avro schema {schema}: {reason}. It is in the dead letters; see `countercheck dead-letters list`.",
  },
  AVRO_INCOMPATIBLE: {
    fault: "user",
    retryable: false,
    message: "Avro schema {schema} cannot be read as {reader}: {reason}. Change the mapping, or mend the schema.",
  },
  AVRO_SCHEMA_INVALID: {
    fault: "user",
    retryable: false,
    message: "Avro schema {schema} is not valid: {reason}. Mend it where it is registered.",
  },
  BUG: {
    fault: "bug",
    retryable: false,
    message: "This should have been impossible: {what}. Please report it with the command that you ran.",
  },
  JOB_DUPLICATE_NAME: {
    fault: "user",
    retryable: false,
    message: "The job has two of the {kind} {name}. Give one of them another name.",
  },
  JOB_WRONG_VALUE: {
    fault: "user",
    retryable: false,
    message: "A function of the job returned a {value} for the field {field}, which is declared as {kind}.",
  },
} as const satisfies Record<
  string,
  { readonly fault: "user" | "external" | "bug"; readonly retryable: boolean; readonly message: string }
>;

/** The code of a catalogued error. */
export type ErrorCode = keyof typeof errorCatalogue;
