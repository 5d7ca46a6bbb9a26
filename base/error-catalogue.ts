/**
 * Every error that users can meet: whose fault it is, whether trying again can help, and a message that says what
 * to do. `{name}` is filled from the error's details. Kept sorted by code.
 */
export const errorCatalogue = {
  AGGREGATE_TOO_LARGE: {
    fault: "user",
    retryable: false,
    message:
      "The sum {field} is {value}, which 64 bits cannot hold. Sum fewer rows, in shorter windows, or a field of type number.",
  },
  ALERT_AMBIGUOUS: {
    fault: "user",
    retryable: false,
    message: "{count} alerts have an id that begins with {id}. Give more of it: {known}.",
  },
  ALERT_NOT_OPEN: {
    fault: "user",
    retryable: false,
    message: "Alert {id} is {state}, so there is nothing to {action}: {reason}",
  },
  ALERT_UNKNOWN: {
    fault: "user",
    retryable: false,
    message: "No alert has an id that begins with {id}. `countercheck alerts list --state all` shows what there is.",
  },
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
  AVRO_NOT_FRAMED: {
    fault: "external",
    retryable: false,
    message:
      "Message of {length} bytes does not start with the Confluent wire format (a zero byte and a schema id): {reason}. Configure its producer to use the schema registry's Avro serializer.",
  },
  AVRO_SCHEMA_INVALID: {
    fault: "user",
    retryable: false,
    message: "Avro schema {schema} is not valid: {reason}. Mend it where it is registered.",
  },
  BATCH_TOO_LARGE: {
    fault: "user",
    retryable: false,
    message:
      "The values of one column would take {bytes} bytes together; at most {limit} fit. Leave long texts out of the models' fields, or keep rows for a shorter time.",
  },
  BRIDGE_NOT_BUILT: {
    fault: "user",
    retryable: false,
    message:
      "The bridge to Flink could not be built: {reason}. It is built once for each version, which needs a JDK from 17 on (JAVA_HOME or PATH), Maven (`mvn` in the PATH), and Maven Central the first time.",
  },
  BUG: {
    fault: "bug",
    retryable: false,
    message: "This should have been impossible: {what}. Please report it with the command that you ran.",
  },
  BUNDLE_FAILED: {
    fault: "user",
    retryable: false,
    message:
      "The job cannot be bundled for a cluster: {problems}. Correct what is named, or run the job with `countercheck run`.",
  },
  CALENDAR_INVALID: {
    fault: "user",
    retryable: false,
    message: "No business day can be told by {name}: {reason}.",
  },
  CHECKPOINTS_DAMAGED: {
    fault: "external",
    retryable: false,
    message:
      "No checkpoint of this run can be used: {reason} Begin from the start of the log with `--fresh`, or from a savepoint with `--from-savepoint`.",
  },
  CHECKPOINT_DAMAGED: {
    fault: "external",
    retryable: false,
    message: "The checkpoint in {path} cannot be used: {reason}.",
  },
  CHECKPOINT_VERSION: {
    fault: "user",
    retryable: false,
    message:
      "{path} has format {format}, which this version of countercheck does not read. Run the version that wrote it, or begin with `--fresh`.",
  },
  CHECK_FUNCTION_FAILED: {
    fault: "user",
    retryable: false,
    message:
      "The function of the check {uid} failed at key {key}, which is unobservable until it can say something: {reason}. Mend the function; it is asked again after an hour, and at the key's next point.",
  },
  CLUSTER_ADDRESS_MISSING: {
    fault: "user",
    retryable: false,
    message:
      "No cluster is named. Give --cluster with the address of its REST API, such as http://127.0.0.1:8081; set COUNTERCHECK_CLUSTER; or put `cluster.url` into the configuration.",
  },
  CLUSTER_ANSWER_INVALID: {
    fault: "external",
    retryable: false,
    message:
      "{url} does not answer {request} as Flink's REST API does: {reason}. Give the address of that, such as http://127.0.0.1:8081.",
  },
  CLUSTER_RECORDS_PASSED: {
    fault: "user",
    retryable: false,
    message:
      "Records of topic {topic}, partition {partition}, from offset {offset} on were left out because of a breaking change and could be read now, but Flink has passed them: it goes on at {passed}. Restore with the job as it was, or submit it anew from the start.",
  },
  CLUSTER_REFUSED: {
    fault: "user",
    retryable: false,
    message: "The cluster at {url} refused {request}: {reason}. Correct what it was asked for.",
  },
  CLUSTER_ROWS_GATHERED: {
    fault: "user",
    retryable: false,
    message:
      "Rows of topic {topic} may be in several of its partitions now, so one subtask reads all of them; in the savepoint they are in different places. Submit the job once with `--parallelism 1` from that savepoint, and give it more subtasks afterwards with `countercheck rescale`.",
  },
  CLUSTER_ROWS_GONE: {
    fault: "external",
    retryable: true,
    message:
      "Rows that another task of this process was to have kept for this one are not there: the two are not of the same start of the job. Flink starts it again from its last checkpoint; nothing is lost.",
  },
  CLUSTER_ROWS_PARTED: {
    fault: "user",
    retryable: false,
    message:
      "Rows of topic {topic} were in several of its partitions when the savepoint was made, which its log does not show any more. Set `gathered` of the table to true in the configuration, and submit the job again from that savepoint.",
  },
  CLUSTER_SAVEPOINT_UNUSABLE: {
    fault: "user",
    retryable: false,
    message:
      "The cluster at {url} cannot begin from {place}: {reason}. Nothing has begun, and what ran before goes on. Name a savepoint, or a checkpoint that was kept, by an address that the JobManager and all TaskManagers reach.",
  },
  CLUSTER_UNAVAILABLE: {
    fault: "external",
    retryable: true,
    message: "The cluster at {url} did not answer {request}: {reason}. Check that its JobManager is running there.",
  },
  CLUSTER_UNSUITABLE: {
    fault: "user",
    retryable: false,
    message: "The cluster at {url} is of Flink {version}; jobs need Flink 2.2. Name another cluster.",
  },
  CONFIG_INVALID: {
    fault: "user",
    retryable: false,
    message:
      "Configuration {file} cannot be used: {problems}. Correct it; `countercheck doctor --config FILE` checks the rest.",
  },
  CONFIG_NOT_FOUND: {
    fault: "user",
    retryable: false,
    message: "Configuration {file} cannot be read: {reason}. Name the file with --config.",
  },
  CONFIG_SECRET_MISSING: {
    fault: "user",
    retryable: false,
    message:
      "{place} refers to the environment variable {name}, which is not set. Set it where the command is started.",
  },
  CONFIG_SECRET_UNREADABLE: {
    fault: "user",
    retryable: false,
    message: "{place} refers to the file {file}, which cannot be read: {reason}. Put the secret there.",
  },
  CONNECTOR_FAILED: {
    fault: "external",
    retryable: false,
    message:
      "Connector {connector} at {connect} has failed: {reason}. Mend the cause, then restart it; `GET /connectors/{connector}/status` has the whole trace.",
  },
  CONNECTOR_NOT_READY: {
    fault: "external",
    retryable: true,
    message:
      "Connector {connector} at {connect} did not {wanted} within {withinMs} ms; its state is {state}. Look at the worker's log.",
  },
  CONNECTOR_UNKNOWN: {
    fault: "user",
    retryable: false,
    message: "Kafka Connect at {connect} has no connector {connector}. Create it, or correct the name.",
  },
  CONNECT_REFUSED: {
    fault: "user",
    retryable: false,
    message: "Kafka Connect at {connect} refused {request}: {reason}. Correct what it was given.",
  },
  CONNECT_UNAVAILABLE: {
    fault: "external",
    retryable: true,
    message: "Kafka Connect at {connect} did not answer {request}: {reason}. Check that a worker is running there.",
  },
  CONTRACT_CORRUPT: {
    fault: "external",
    retryable: false,
    message:
      "A stored {contract} record is damaged: {reason}. Restore what it was read from out of a copy, or run the job again.",
  },
  CONTRACT_INCOMPATIBLE: {
    fault: "user",
    retryable: false,
    message:
      "The contract {contract} cannot be registered for {subject}: what is there could not be read with it ({reasons}). Nothing was registered. Choose another prefix for the results, or run the version of countercheck that wrote the subject.",
  },
  CONTRACT_UNKNOWN: {
    fault: "user",
    retryable: false,
    message:
      "A {contract} record was written with contract {fingerprint}, which this program does not know; it knows {known}. Use the version of countercheck that wrote it, or a newer one.",
  },
  CURRENCY_UNKNOWN: {
    fault: "external",
    retryable: false,
    message:
      "Amount in column {column} has the currency {currency}, which is not in ISO 4217. Correct the row or the mapping's `currency` or `currencyFrom`.",
  },
  DEAD_LETTER_ALREADY_DECIDED: {
    fault: "user",
    retryable: false,
    message:
      "Dead letter {id} was {decision} by {who} at {at}. Nothing is left to decide; `countercheck dead-letters list` shows those that are open.",
  },
  DEAD_LETTER_MASKED: {
    fault: "user",
    retryable: false,
    message:
      "The raw value of {id} is not kept, since columns of its table are masked, so it cannot be tried here. Leave out --config: the next run reads it again.",
  },
  DEAD_LETTER_UNKNOWN: {
    fault: "user",
    retryable: false,
    message:
      "There is no dead letter {id}. An id reads topic/partition/offset; `countercheck dead-letters list` shows them.",
  },
  DECIMAL_OUT_OF_RANGE: {
    fault: "external",
    retryable: false,
    message:
      "Record of schema {schema} holds a decimal past 64 bits: {reason}. It is in the dead letters; lower the column's precision if it is expected.",
  },
  DEMO_FOLDER_FOREIGN: {
    fault: "user",
    retryable: false,
    message:
      "{dir} is not empty, and was not made by the demo, so it is left as it is. Name another folder with --dir.",
  },
  DESK_BUSY: {
    fault: "external",
    retryable: true,
    message:
      "The desk {path} is locked by another process for more than {timeoutMs} ms. Try again, or stop what holds it.",
  },
  DESK_IO_FAILED: {
    fault: "external",
    retryable: true,
    message: "Could not use the desk {path}: {reason}. Check the disk's free space and the folder's permissions.",
  },
  DESK_NOT_FOUND: {
    fault: "user",
    retryable: false,
    message:
      "There is no desk at {path}. Run the job first, or correct the path. A job on a cluster has none: what it says is in its topics.",
  },
  DESK_UNREADABLE: {
    fault: "user",
    retryable: false,
    message: "{path} is not a desk, or is damaged: {reason}. Correct the path, or restore the file from a copy.",
  },
  DESK_VERSION: {
    fault: "user",
    retryable: false,
    message:
      "The desk {path} has layout {version}; this program knows {supported}. Use the version of countercheck that wrote it, or another output folder or table.",
  },
  DISK_FAILED: {
    fault: "external",
    retryable: true,
    message: "Could not {doing} {path}: {reason}. See to the disk or the folder's rights.",
  },
  DISK_FULL: {
    fault: "external",
    retryable: true,
    message: "The disk of {path} is full. Make room; nothing that was durable is lost.",
  },
  ENVELOPE_INVALID: {
    fault: "external",
    retryable: false,
    message:
      "Record is no usable Debezium change event: {reason}. It is in the dead letters; see `countercheck dead-letters list`.",
  },
  ENVELOPE_MISSING: {
    fault: "user",
    retryable: false,
    message:
      "Schema {schema} of table {table} of source {source} is no Debezium envelope: it has no {path}. Check the topic and the source's `kind`, and do not unwrap the envelope (ExtractNewRecordState) in the connector.",
  },
  EVIDENCE_NOT_TAKEN: {
    fault: "external",
    retryable: true,
    message:
      "{megabytes} MB of evidence wait for their server, and for {seconds} s the job has taken in nothing more: {reason} Nothing is lost, and the job goes on once the server is back.",
  },
  FENCED: {
    fault: "external",
    retryable: false,
    message:
      "Another runner has taken over {dir}. This one stops, and nothing of it is lost: the other goes on from its last checkpoint.",
  },
  FILE_NOT_WRITTEN: {
    fault: "external",
    retryable: false,
    message: "Could not write {path}: {reason}. Check the folder, its permissions and the disk's free space.",
  },
  INSTANT_OUT_OF_RANGE: {
    fault: "external",
    retryable: false,
    message:
      "Column {column} holds {value}, which lies past the year 275760, as PostgreSQL's infinity does. Correct the row, or map another column.",
  },
  INSTANT_UNREADABLE: {
    fault: "external",
    retryable: false,
    message:
      "Column {column} holds {value}, which is no time with an offset. Correct the row, or map the column as text.",
  },
  INTEGER_OUT_OF_RANGE: {
    fault: "external",
    retryable: false,
    message: "Column {column} holds {value}, which is past 64 bits. Correct the row, or map the column as an id.",
  },
  JOBS_COLLIDE: {
    fault: "user",
    retryable: false,
    message: "The jobs {one} and {other} cannot run together: {reason}.",
  },
  JOB_AGGREGATE_INVALID: {
    fault: "user",
    retryable: false,
    message: "The aggregate {field} in {place} cannot be computed: {reason}.",
  },
  JOB_ALREADY_ON_CLUSTER: {
    fault: "user",
    retryable: false,
    message:
      "The job {job} runs at {url} already, as {id}, and both would write the same results. Stop it with `countercheck stop {job} --savepoint DIR` and submit with `--from-savepoint`, or cancel it.",
  },
  JOB_BEGUN_ELSEWHERE: {
    fault: "user",
    retryable: false,
    message:
      "Another run of {job} has brought out results of epoch {epoch} since this submission began. Make sure that nobody else runs the job, and submit it again.",
  },
  JOB_CHANGELOG_INVALID: {
    fault: "user",
    retryable: false,
    message: "The job cannot keep {place}: {reason}.",
  },
  JOB_DECLARATION_INVALID: {
    fault: "user",
    retryable: false,
    message:
      "The job declares {place} in a way that cannot be: {reason}. Correct it; the TypeScript compiler finds such mistakes.",
  },
  JOB_DERIVE_FAILED: {
    fault: "user",
    retryable: false,
    message:
      "The function that makes {model} failed{at} at row {row} of {table}{read}. Mend it, or leave such rows out before it with `where`, and run again; nothing is lost. It said: {reason}",
  },
  JOB_DUPLICATE_NAME: {
    fault: "user",
    retryable: false,
    message: "The job has two of the {kind} {name}. Give one of them another name.",
  },
  JOB_FAILED_ON_CLUSTER: {
    fault: "external",
    retryable: false,
    message: "{job} ({id}) fails at {url}. {then} It fails with: {reason}",
  },
  JOB_FIELD_UNKNOWN: {
    fault: "user",
    retryable: false,
    message: "The job names a field {field} of {place}, which has none of that name. It has: {known}.",
  },
  JOB_FUNCTION_FAILED: {
    fault: "user",
    retryable: false,
    message: "A function of the job failed in {place}{at}{row}{read}: {reason}",
  },
  JOB_HAS_NO_DESK: {
    fault: "user",
    retryable: false,
    message:
      "{job} was submitted to a cluster at {at}, and nothing heeds what is decided at the desk in {dir}. Its alerts and dead letters are in the topics {prefix}alerts and {prefix}dead-letters; a check that a breaking change suspended goes on when the job is mended and submitted with `--from-savepoint`.",
  },
  JOB_INPUT_INVALID: {
    fault: "user",
    retryable: false,
    message: "{place} cannot take in {input}: {reason}. Correct its `inputs`, `broadcast` or `on`.",
  },
  JOB_INVALID: {
    fault: "user",
    retryable: false,
    message: "{file} is no job that can be run: {reason}.",
  },
  JOB_JOIN_INVALID: {
    fault: "user",
    retryable: false,
    message: "The job's join {place} cannot be made: {reason}.",
  },
  JOB_KEYS_DIFFER: {
    fault: "user",
    retryable: false,
    message:
      "The job's join {place} would never find a pair: the left side is keyed by {left}, the right side by {right}. Key both by fields of the same kinds.",
  },
  JOB_LOOKUP_FAILED: {
    fault: "external",
    retryable: true,
    message:
      "The look-up {place} failed: {reason}. See to what it asks, and start again; `retries` bridges short troubles, and with `failed()` such events go aside instead of stopping the job.",
  },
  JOB_LOOKUP_INVALID: {
    fault: "user",
    retryable: false,
    message: "The look-up {place} cannot be made: {reason}. Correct its declaration.",
  },
  JOB_NAME_INVALID: {
    fault: "user",
    retryable: false,
    message: "A job cannot have the name `{name}`. Use lower-case letters, digits and hyphens.",
  },
  JOB_NOT_AN_INSTANT: {
    fault: "user",
    retryable: false,
    message:
      "The job takes {field} of {place} for a point in time, and it is none. Name a field that instant() declares.",
  },
  JOB_NOT_A_KEY: {
    fault: "user",
    retryable: false,
    message:
      "The job keys rows of {place} by {field}, which is {kind}: ids, texts, integers, instants, flags and the currency of money can be keys.",
  },
  JOB_NOT_COMPARABLE: {
    fault: "user",
    retryable: false,
    message:
      "The job compares {field} of {place} in a condition, which is {kind}: only ids, texts, integers and flags can be, with values that are there.",
  },
  JOB_NOT_ENDED: {
    fault: "external",
    retryable: true,
    message:
      "{job} ({id}) at {url} has not ended within {seconds} s; it is {state}. `countercheck jobs describe {id}` shows how it goes on.",
  },
  JOB_NOT_FOR_CLUSTER: {
    fault: "user",
    retryable: false,
    message: "The job {job} cannot run on a cluster as {file} says: {reason}",
  },
  JOB_NOT_FOUND: {
    fault: "user",
    retryable: false,
    message: "There is no job at {path}. Name a TypeScript file, or a folder with a `job.ts` in it.",
  },
  JOB_NOT_LOADED: {
    fault: "user",
    retryable: false,
    message: "{file} cannot be loaded{at}: {reason}",
  },
  JOB_NOT_RESCALED: {
    fault: "external",
    retryable: true,
    message:
      "{job} ({id}) at {url} does not have parallelism {parallelism}: it is {state}. The cluster goes on trying: give it slots, or ask for less.",
  },
  JOB_NOT_STARTED: {
    fault: "external",
    retryable: true,
    message:
      "{job} ({id}) at {url} has no checkpoint after {seconds} s; its state: {state}.{reason} It goes on there; `countercheck jobs describe {id}` shows how, `countercheck jobs cancel {id}` ends it.",
  },
  JOB_ON_CLUSTER_AMBIGUOUS: {
    fault: "user",
    retryable: false,
    message: "Several jobs called {job} run at {url}. Give the id of one: {ids}.",
  },
  JOB_ON_CLUSTER_OVER: {
    fault: "user",
    retryable: false,
    message: "{job} ({id}) at {url} is over: {state}. {again}.",
  },
  JOB_ON_CLUSTER_UNKNOWN: {
    fault: "user",
    retryable: false,
    message: "There is no job {job} at {url}. There are: {known}.",
  },
  JOB_SELECTION_INVALID: {
    fault: "user",
    retryable: false,
    message: "The job's join {place} cannot hand on {field}: {reason}",
  },
  JOB_SIDE_INVALID: {
    fault: "user",
    retryable: false,
    message: "{place} has no side output {side}: {reason}. Declare it under `sides`, with its fields.",
  },
  JOB_START_REFUSED: {
    fault: "external",
    retryable: false,
    message:
      "The cluster at {url} did not start {job} ({id}): {reason}. Nothing came of it and its epoch is taken back: an embedded run that was there before goes on when it is started again.",
  },
  JOB_STATE_INVALID: {
    fault: "user",
    retryable: false,
    message: "The state {state} of {place} cannot be kept: {reason}. Correct its declaration.",
  },
  JOB_TIMER_INVALID: {
    fault: "user",
    retryable: false,
    message: "A function of the job sets a timer in {place} for {time}, which is no time. Give epoch milliseconds.",
  },
  JOB_UNION_INVALID: {
    fault: "user",
    retryable: false,
    message: "The streams {one} and {other} cannot be one: {reason}. Give both the same fields, by select or map.",
  },
  JOB_WINDOW_INVALID: {
    fault: "user",
    retryable: false,
    message: "The job's {window} cannot be a window or its trigger: {reason}.",
  },
  JOB_WRONG_VALUE: {
    fault: "user",
    retryable: false,
    message:
      'A function of the job gave a {value} for the field {field}, which is declared as {kind}. An id is a string, an integer a bigint such as 1n, an instant milliseconds, money { minor: 1250n, currency: "EUR" }.',
  },
  KAFKA_AUTHENTICATION_FAILED: {
    fault: "user",
    retryable: false,
    message:
      "Kafka at {broker} did not accept the credentials ({mechanism}): {reason}. Correct `kafka.sasl` in the configuration, or the user at the broker.",
  },
  KAFKA_BATCH_TOO_LARGE: {
    fault: "external",
    retryable: false,
    message:
      "Topic {topic}, partition {partition}, has a batch at offset {offset} that takes {bytes} bytes; at most {limit} are read. Find what wrote it; no record was skipped.",
  },
  KAFKA_CLOSED: {
    fault: "bug",
    retryable: false,
    message: "The client of Kafka at {broker} was closed, and was still asked. Please report this.",
  },
  KAFKA_COMMIT_UNCERTAIN: {
    fault: "external",
    retryable: false,
    message:
      "Kafka at {broker} did not say within {timeoutMs} ms whether the results of this checkpoint were committed: {reason}. Start the job again when Kafka is up: it looks what was committed and goes on from there, without loss or repeat.",
  },
  KAFKA_CORRUPT: {
    fault: "external",
    retryable: false,
    message:
      "Topic {topic}, partition {partition}, is damaged at offset {offset}: {reason}. Restore the partition from a replica or a copy; what lies before that offset is sound, and no record was skipped.",
  },
  KAFKA_FENCED: {
    fault: "external",
    retryable: false,
    message:
      "Another run of this job with the same `results.kafka.prefix` has taken over the transactional id {id}, or a commit took longer than {timeoutMs} ms. This run stops; nothing of it is lost or doubled. Let one process run the job, and start it again if none does.",
  },
  KAFKA_FORMAT_UNSUPPORTED: {
    fault: "user",
    retryable: false,
    message:
      "Topic {topic}, partition {partition}, has records at offset {offset} in {format}, which cannot be read. Copy the topic with a current producer (format v2; gzip, snappy, lz4 or zstd), and read the copy; no record was skipped.",
  },
  KAFKA_MEMORY_REFUSED: {
    fault: "user",
    retryable: false,
    message:
      "The system refused memory to decompress records of Kafka in: {bytes} bytes, in 8 GiB of address space for each partition ({reason}). Raise the limit of the process's address space (`ulimit -v`) or of its memory, or let more processes share the partitions; no record was skipped.",
  },
  KAFKA_NOT_AUTHORIZED: {
    fault: "user",
    retryable: false,
    message:
      "Kafka at {broker} does not let this user have {doing}: {reason}. Grant it with an ACL, or correct `kafka.sasl` in the configuration.",
  },
  KAFKA_OFFSET_OUT_OF_RANGE: {
    fault: "user",
    retryable: false,
    message:
      "Offset {offset} of topic {topic}, partition {partition}, is not in the log, which goes from {earliest} to {latest}: {reason}. Changes may be missing, so nothing was skipped over: give the topic a longer retention, take a new snapshot of the table, and begin anew with `--fresh`.",
  },
  KAFKA_RECORD_TOO_LARGE: {
    fault: "user",
    retryable: false,
    message:
      "Topic {topic} takes no batch of {bytes} bytes; the limit is {limit}. Raise the topic's `max.message.bytes` if the broker refused it, or keep less in one record.",
  },
  KAFKA_REFUSED: {
    fault: "external",
    retryable: false,
    message: "Kafka at {broker} refused {doing}: {reason}. See the broker's log.",
  },
  KAFKA_TLS_FAILED: {
    fault: "user",
    retryable: false,
    message:
      "No secure connection to Kafka at {broker}: {reason}. Correct `kafka.tls` in the configuration, or the listener that `kafka.brokers` names.",
  },
  KAFKA_TOPIC_RECREATED: {
    fault: "user",
    retryable: false,
    message:
      "Topic {topic} was deleted and created again since it was begun to be read, so offset {offset} of partition {partition} means nothing in it. Take a new snapshot of the table, and begin anew: `countercheck run --fresh`, or on a cluster `submit` without `--from-savepoint`.",
  },
  KAFKA_TOPIC_UNKNOWN: {
    fault: "user",
    retryable: false,
    message:
      "Kafka at {broker} has no topic {topic}, or this user may not see it. Correct the name, let the connector create the topic first, or grant the right to describe it.",
  },
  KAFKA_TOPIC_UNSUITABLE: {
    fault: "user",
    retryable: false,
    message:
      "Topic {topic} has {setting} = {found}, and {wanted} is needed. Correct it, or name other topics with `results.kafka.prefix`.",
  },
  KAFKA_TRANSACTION_TIMEOUT: {
    fault: "user",
    retryable: false,
    message:
      "Kafka at {broker} does not allow transactions of {timeoutMs} ms. Lower the timeout, or raise `transaction.max.timeout.ms` at the brokers.",
  },
  KAFKA_UNAVAILABLE: {
    fault: "external",
    retryable: true,
    message: "Kafka at {broker} did not give {doing}: {reason}. Check that it is up and can be reached from here.",
  },
  KAFKA_UNSUPPORTED: {
    fault: "user",
    retryable: false,
    message: "Kafka at {broker} cannot be used for {what}: {reason}. Kafka 3.1 or newer is needed.",
  },
  KAFKA_WRITE_LOST: {
    fault: "external",
    retryable: false,
    message:
      "Topic {topic}, partition {partition}, did not take records in the order in which they were written ({reason}): some that were acknowledged are gone. See the broker's log for a lost replica or an unclean election.",
  },
  KEY_MISSING: {
    fault: "user",
    retryable: false,
    message:
      "Record of topic {topic} has no key, so its row cannot be told. Give the table a primary key, or set `message.key.columns` in the connector.",
  },
  KEY_UNKNOWN_TYPE: {
    fault: "user",
    retryable: false,
    message:
      "Field {field} of key schema {schema} is {type}, which cannot be part of a key. Use integers, strings, booleans or decimals without digits after the point, for instance by `message.key.columns` in the connector.",
  },
  LOCK_HELD: {
    fault: "user",
    retryable: true,
    message: "The lock {name} is held by {holder}. End that first, or wait for it with `--standby`.",
  },
  LOCK_LOST: {
    fault: "external",
    retryable: true,
    message:
      "The lock {name} could not be renewed in time, or was taken over, so nothing more is done under it. Nothing is lost: whoever holds it next goes on. Look whether Redis was away, or this process stood still, for longer than the lease.",
  },
  LOG_CORRUPT: {
    fault: "external",
    retryable: false,
    message:
      "File log {dir}, topic {topic}, partition {partition}, is damaged at byte {position}: {reason}. Restore the file from a copy, or record it again; what lies before that byte is sound.",
  },
  LOG_ENDED: {
    fault: "user",
    retryable: false,
    message: "File log {dir} is complete through {through} and takes nothing more. Record into a new folder.",
  },
  LOG_IO_FAILED: {
    fault: "external",
    retryable: true,
    message:
      "Could not {doing} {path} of a file log: {reason}. Check the disk's free space and the folder's permissions.",
  },
  LOG_LOCKED: {
    fault: "user",
    retryable: true,
    message:
      "File log {dir} is being written by process {pid} on {host}. Stop that first; if there is no such process, delete {file}.",
  },
  LOG_NOT_FOUND: {
    fault: "user",
    retryable: false,
    message: "There is no file log at {dir}. Correct the path; a log's folder holds a folder for each topic.",
  },
  LOG_OFFSET_OUT_OF_RANGE: {
    fault: "user",
    retryable: false,
    message:
      "Offset {offset} lies beyond the end, {end}, of topic {topic}, partition {partition}, in file log {dir}. It is not the log that was read before, or was cut since: point to the right one, or start anew.",
  },
  LOG_VERSION_UNSUPPORTED: {
    fault: "user",
    retryable: false,
    message:
      "Topic {topic}, partition {partition}, of file log {dir} has format version {version}; this program reads {supported}. Use the version of countercheck that wrote it, or a newer one.",
  },
  LOG_WITHOUT_END: {
    fault: "user",
    retryable: false,
    message:
      "{topic}/{partition} of source {source} has been read to its last record, but has no end marker: the log is still being written, or its writer died. Run with --follow to wait for more.",
  },
  MODEL_COLUMN_MISSING: {
    fault: "user",
    retryable: false,
    message:
      "Field {field} of model {model} is read from column {column}, which table {table} does not have. It has: {known}. Correct the mapping, or capture the column.",
  },
  MODEL_INVALID: {
    fault: "user",
    retryable: false,
    message: "Model {model} cannot be read: {reason}. Correct the model.",
  },
  MODEL_TOO_WIDE: {
    fault: "user",
    retryable: false,
    message: "Model {model} has {fields} fields; at most {most} are possible. Leave out those that no check reads.",
  },
  MODEL_TYPE_MISMATCH: {
    fault: "user",
    retryable: false,
    message:
      "Field {field} of model {model} is declared as {kind}, but column {column} of table {table} is {found}. It can be read from {wanted}: change the field, or the column.",
  },
  MONEY_OUT_OF_RANGE: {
    fault: "external",
    retryable: false,
    message:
      "Column {column} holds {value}, which at scale {scale} is past 64 bits. Correct the row, or give the field a smaller `scale` and a `rounding`.",
  },
  MONEY_OUT_OF_SCALE: {
    fault: "external",
    retryable: false,
    message:
      "Column {column} holds {value}, which is finer than the scale {scale} of its field. Correct the row, or give the field a larger `scale`, or a `rounding`.",
  },
  MONEY_UNREADABLE: {
    fault: "external",
    retryable: false,
    message: "Column {column} holds {value}, which is no amount. Correct the row, or map another column.",
  },
  NODE_NOT_SHIPPABLE: {
    fault: "user",
    retryable: false,
    message:
      "The Node of this machine is for {platform}, and TaskManagers run on Linux. Install the package {name}, or submit with `--without-node`.",
  },
  NOTE_REQUIRED: {
    fault: "user",
    retryable: false,
    message: "Say why: to {action} needs a note, which is kept with the decision. Give one with `--note`.",
  },
  NOTE_TOO_LONG: {
    fault: "user",
    retryable: false,
    message: "The note has {length} characters; at most {limit} are kept. Shorten it, or refer to a ticket.",
  },
  NOTIFICATION_REFUSED: {
    fault: "external",
    retryable: true,
    message:
      "{sink} did not take a notification: {reason}. It is sent again later; `countercheck notifications list` shows it.",
  },
  NOTIFICATION_SINK_UNAVAILABLE: {
    fault: "external",
    retryable: true,
    message:
      "{sink} cannot be told of alerts: {reason}. Notifications wait and are sent again later; look at its address and whether it is up.",
  },
  NOTIFICATION_UNKNOWN: {
    fault: "user",
    retryable: false,
    message:
      "No notification that was given up has an id that begins with {id}. `countercheck notifications list --state given-up` shows them.",
  },
  OPTION_INVALID: {
    fault: "user",
    retryable: false,
    message: "{option} is {value}; expected {expected}.",
  },
  OUTPUT_FOREIGN: {
    fault: "user",
    retryable: false,
    message:
      "{path} is where a run leaves results, but no run made it, so it is left as it is. Move it away, or name another `output` in the configuration.",
  },
  OUTPUT_OVERLAPS_INPUT: {
    fault: "user",
    retryable: false,
    message:
      "By {file} a run would begin {begun} anew, which overlaps with {what}, {path}. Name another `output`, one that lies apart from what is read.",
  },
  OUTPUT_REPLACED: {
    fault: "external",
    retryable: false,
    message:
      "{path} was deleted or replaced while the run wrote to it, so results are lost. Leave the output folder alone during a run, and run again.",
  },
  PARTITION_NOT_FOUND: {
    fault: "user",
    retryable: false,
    message:
      "Topic {topic} in {place} has {partitions} partitions, counted from 0; there is no {partition}. Correct the partition's number.",
  },
  POSITION_WENT_BACK: {
    fault: "external",
    retryable: false,
    message:
      "Positions of {source} went back to {position} ({table}, {time}) while time went on: a failover or a restore. Name the time in `epochs` of the source (`countercheck source new-epoch`) and run again.",
  },
  RECORD_TOO_LARGE: {
    fault: "user",
    retryable: false,
    message:
      "A record of {bytes} bytes is over the file log's limit of {limit}. Leave its topic out, or shorten the record where it is made.",
  },
  REDIS_REFUSED: {
    fault: "user",
    retryable: false,
    message:
      "Redis at {server} refuses what it is asked: {reason}. Correct the user, the password or what they may do.",
  },
  REDIS_UNAVAILABLE: {
    fault: "external",
    retryable: true,
    message: "Redis at {server} does not answer: {reason}. Check that it is up and can be reached from here.",
  },
  REGISTRY_HAS_NO_SCHEMA: {
    fault: "user",
    retryable: false,
    message:
      "The registry {registry} has none of the schemas that topic {topic}, table {table} of source {source}, was written with, such as {ids}. It is not the registry which the producer uses, or has lost its content: point the configuration to the right one. No record was skipped.",
  },
  REGISTRY_INVALID: {
    fault: "user",
    retryable: false,
    message: "Schema registry {registry} refused {request}: {reason}. Check its address, credentials and content.",
  },
  REGISTRY_UNAVAILABLE: {
    fault: "external",
    retryable: true,
    message:
      "Schema registry {registry} did not answer {request}: {reason}. Check that it is up and can be reached from here.",
  },
  REREAD_ANSWER_INVALID: {
    fault: "user",
    retryable: false,
    message: "What {place} answers is of no use: {problem}. Correct the question in `reread`.",
  },
  REREAD_FAILED: {
    fault: "external",
    retryable: true,
    message:
      "The source of truth {source} could not be asked: {reason}. Check that it is up and can be reached from here.",
  },
  RESCALE_NEEDS_JOB: {
    fault: "user",
    retryable: false,
    message:
      "The cluster at {url} has no adaptive scheduler, so {job} must be stopped with a savepoint and submitted again, for which its files are needed. Nothing was changed. Give `--job FILES --config FILE --savepoint DIR`.",
  },
  RESULTS_ELSEWHERE: {
    fault: "user",
    retryable: false,
    message:
      "The results of this run went to topics of Kafka up to its last checkpoint, and cannot be gone on with in files in {dir}. Put `results.kafka` back into the configuration, or begin anew with `--fresh`.",
  },
  RESULTS_OF_NEWER_RUN: {
    fault: "user",
    retryable: false,
    message:
      "A newer run of this job (epoch {newer}) has brought out results since the one whose state is in {dir} (epoch {epoch}), which cannot be gone on with beside them. Start the job where the newer run's state is, or begin anew with `--fresh` or `--from-savepoint`.",
  },
  ROWS_MOVE: {
    fault: "external",
    retryable: false,
    message:
      "Changes of one row of topic {topic}, of source {source}, may be in two partitions: {reason}. The run begins again from its last checkpoint, with one worker for all of them; on a cluster, set `gathered` of its table to true and submit the job with `--parallelism 1` from its last checkpoint.",
  },
  ROW_BEFORE_MISSING: {
    fault: "external",
    retryable: false,
    message:
      "A row of {table} was {done}, and the record does not say what it was before: {found}. The table is declared `before: full`. Make the database log whole rows (PostgreSQL: ALTER TABLE … REPLICA IDENTITY FULL, MariaDB: binlog_row_image = FULL), or take the declaration off the table and begin anew.",
  },
  ROW_INCOMPLETE: {
    fault: "external",
    retryable: false,
    message:
      "Debezium left out {columns} of a row that was not seen before. Read the table's snapshot, or set REPLICA IDENTITY FULL.",
  },
  ROW_NOT_INSERTED: {
    fault: "user",
    retryable: false,
    message:
      "A row of {table} was updated or deleted, though its model {model} says that rows are only inserted. Take `insertsOnly` off the model.",
  },
  RULE_INVALID: {
    fault: "user",
    retryable: false,
    message: "The check {uid} cannot be judged: {reason}.",
  },
  RUN_ENDED: {
    fault: "external",
    retryable: false,
    message: "The run over the state in {dir} ended before it did what was asked of it.",
  },
  RUN_NOT_FOUND: {
    fault: "user",
    retryable: false,
    message: "No run is going on over the state in {dir}. Start one with `countercheck run`.",
  },
  RUN_REQUEST_FAILED: {
    fault: "external",
    retryable: false,
    message: "The run could not do it: {reason}",
  },
  RUN_SILENT: {
    fault: "external",
    retryable: true,
    message:
      "The run of process {pid} did not answer within {seconds} s. It may be busy; what was asked for stands, and it does it when it can.",
  },
  RUN_WITHOUT_END: {
    fault: "user",
    retryable: false,
    message:
      "{option} is for runs that end, and topics of brokers do not. Leave it out, and read the topic of verdicts.",
  },
  SAVEPOINT_EXISTS: {
    fault: "user",
    retryable: false,
    message: "{dir} is there already. Name a folder for the savepoint that is not.",
  },
  SAVEPOINT_MISPLACED: {
    fault: "user",
    retryable: false,
    message:
      "{dir} lies in {state}, the run's own state, which begins anew with the next run. Name a folder outside of it.",
  },
  SAVEPOINT_NOT_FOUND: {
    fault: "user",
    retryable: false,
    message: "There is no savepoint in {dir}. Name a folder that `countercheck savepoint` has written.",
  },
  SAVEPOINT_NOT_WRITTEN: {
    fault: "external",
    retryable: true,
    message:
      "{job} wrote no savepoint to {folder}: {reason}. The job goes on. Name a folder that the JobManager and all TaskManagers can write to.",
  },
  SAVEPOINT_OF_OTHER_JOB: {
    fault: "user",
    retryable: false,
    message:
      "The savepoint in {dir} is of job {other}, and this is {job}. Name the savepoint, or the job, that is meant.",
  },
  SCHEMA_UNKNOWN: {
    fault: "user",
    retryable: false,
    message:
      "Schema id {id} is not in the registry {registry}. Check that this is the registry which the producer uses.",
  },
  SINK_NAME_INVALID: {
    fault: "user",
    retryable: false,
    message:
      "{name} cannot name a sink: its file takes that name. Use letters, digits, `_` and `-`, and none of {taken}.",
  },
  SNAPSHOTS_ANSWER_INVALID: {
    fault: "external",
    retryable: false,
    message:
      "The HBase REST server at {url} gave an answer that makes no sense for table {table}: {reason}. Check that the address is that of HBase's REST server and that nothing between changes what it says.",
  },
  SNAPSHOTS_BUSY: {
    fault: "external",
    retryable: true,
    message:
      "The evidence store {path} is locked by another process for more than {timeoutMs} ms. Try again, or stop what holds it.",
  },
  SNAPSHOTS_CURSOR_INVALID: {
    fault: "user",
    retryable: false,
    message:
      "{cursor} does not continue this query. Give the cursor that the page before ended with, as it was, or none to start over.",
  },
  SNAPSHOTS_IO_FAILED: {
    fault: "external",
    retryable: true,
    message:
      "Could not use the evidence store {path}: {reason}. Check the disk's free space and the folder's permissions.",
  },
  SNAPSHOTS_NOT_FOUND: {
    fault: "user",
    retryable: false,
    message:
      "There is no evidence store at {path}. Run the job first, or correct the path; where the evidence is in HBase, give `--config` instead of `--dir`.",
  },
  SNAPSHOTS_REFUSED: {
    fault: "user",
    retryable: false,
    message:
      "HBase at {url} refused a request on table {table} with status {status}: {reason}. Check user, password and what the user may do with the table.",
  },
  SNAPSHOTS_ROW_KEY_TOO_LONG: {
    fault: "user",
    retryable: false,
    message:
      "The business key, check, currency and period that begin with {start} take {bytes} bytes as a row key of HBase; {most} are the most. Use a shorter business key.",
  },
  SNAPSHOTS_TABLE_MISSING: {
    fault: "user",
    retryable: false,
    message:
      "HBase at {url} has no table {table} to keep evidence in. Make it with `countercheck snapshots create-table --config <file>`, or correct `snapshots.hbase.table`.",
  },
  SNAPSHOTS_TABLE_UNFIT: {
    fault: "user",
    retryable: false,
    message:
      "Table {table} of HBase at {url} was not made for evidence: it has no column family {family}. Name another table in `snapshots.hbase.table` and make it with `countercheck snapshots create-table --config <file>`.",
  },
  SNAPSHOTS_UNAVAILABLE: {
    fault: "external",
    retryable: true,
    message:
      "HBase's REST server at {url} did not do a request in {attempts} attempts: {reason}. See that it and HBase run and can be reached from here; what was begun is repeated.",
  },
  SNAPSHOTS_UNREADABLE: {
    fault: "user",
    retryable: false,
    message:
      "{path} is not an evidence store, or is damaged: {reason}. Correct the path, or restore the file from a copy.",
  },
  SNAPSHOTS_VERSION: {
    fault: "user",
    retryable: false,
    message:
      "The evidence store {path} has layout {version}; this program knows {supported}. Use the version of countercheck that wrote it, or another output folder or table.",
  },
  SNAPSHOT_FILTERED: {
    fault: "user",
    retryable: false,
    message: "No evidence for {what} fits the options; known: {known}. Leave an option out, or correct it.",
  },
  SNAPSHOT_NOT_FOUND: {
    fault: "user",
    retryable: false,
    message:
      "There is no evidence for {what} in {dir}. Only verdicts that were emitted leave any: failures, what cannot be seen, and what follows either. `countercheck snapshots scan` lists them.",
  },
  SOURCE_STOPPED: {
    fault: "external",
    retryable: false,
    message:
      "Positions of source {source} went back while time went on: its database was failed over or restored. Name the time in `epochs` of the source (`countercheck source new-epoch`) and run again.",
  },
  SOURCE_TABLE_UNKNOWN: {
    fault: "user",
    retryable: false,
    message:
      "Source {source} has no table {table}; known: {known}. Add it to the source's `tables`, or correct the model.",
  },
  SOURCE_TRANSACTIONS_UNBOUND: {
    fault: "user",
    retryable: false,
    message:
      'The job needs the ends of transactions of source {source}, and the configuration does not say where they are. Add `"transactions": { "topic": "<topic.prefix>.transaction" }` to the source; its connector must have provide.transaction.metadata=true.',
  },
  SOURCE_UNKNOWN: {
    fault: "user",
    retryable: false,
    message:
      "Model {model} reads source {source}, which the configuration does not have; known: {known}. Add it to `sources`, or correct the model.",
  },
  STACK_DOCKER_FAILED: {
    fault: "external",
    retryable: false,
    message: "The command `docker compose {command}` failed: {reason}.",
  },
  STACK_DOWNLOAD_FAILED: {
    fault: "external",
    retryable: true,
    message:
      "{what} could not be had from Maven Central: {reason} Check the network, or the mirror in Maven's settings.xml, and start again.",
  },
  STACK_FOLDER_UNREADABLE: {
    fault: "user",
    retryable: false,
    message:
      "{file}, which says on which ports the servers of this folder are, cannot be read: {reason}. Name another folder with `--dir`; or remove the file, and stop what runs there before you start it again, on the usual ports.",
  },
  STACK_FOLDER_UNUSABLE: {
    fault: "user",
    retryable: false,
    message: "The stack cannot keep its data in {folder}. {reason} Name another folder with `--dir`.",
  },
  STACK_PORT_TAKEN: {
    fault: "user",
    retryable: false,
    message:
      "{service} cannot be started: another process listens on port {port} of this machine. Stop that one first, or start with ports of your own: `--free-ports --dir FOLDER`, with a new folder.",
  },
  STACK_SERVICE_UNKNOWN: {
    fault: "user",
    retryable: false,
    message: 'There is no service "{service}". The stack has {services}.',
  },
  STACK_START_FAILED: {
    fault: "external",
    retryable: false,
    message: "{service} could not be started: {reason}. {log} ends with: {tail}.",
  },
  STACK_TOOL_MISSING: {
    fault: "user",
    retryable: false,
    message: "Not installed: {tool}. Install it with `{install}`, or start Docker, which needs none of it.",
  },
  STANDBY_WITHOUT_LOCK: {
    fault: "user",
    retryable: false,
    message:
      "There is no lock to wait for: {file} names none. Add `lock` with `redis` to it, or leave out `--standby`.",
  },
  STATE_CORRUPT: {
    fault: "external",
    retryable: false,
    message:
      "State file {file} is damaged at byte {position}: {reason}. Restart the job, which goes back to the newest checkpoint that is whole, or start it from a savepoint; see to the disk.",
  },
  STATE_DROPPED: {
    fault: "user",
    retryable: false,
    message:
      "The job goes on from a checkpoint with state that it no longer has: {states}.{hint} What is kept under one name is not found under another: change the name back, or leave that state behind for good with `--allow-dropped-state`.",
  },
  STATE_FOLDER_DAMAGED: {
    fault: "external",
    retryable: false,
    message: "{path} is damaged. Restore it, or begin with `--fresh`.",
  },
  STATE_INCOMPATIBLE: {
    fault: "user",
    retryable: false,
    message:
      "{name} cannot be read as the job declares it now: {changes}. Change that back, or begin it anew: give the state, the check or the model another name and run with `--allow-dropped-state`.",
  },
  STATE_LOCKED: {
    fault: "user",
    retryable: true,
    message:
      "The state in {dir} is in use by process {pid} on {host}. End that first (`countercheck stop`); if there is no such process, delete {file}.",
  },
  STATE_MEMORY_EXCEEDED: {
    fault: "user",
    retryable: false,
    message:
      "State needs {needed} bytes of memory for the index of its keys and the block in use; {limit} are allowed. Raise `state.memory`, use more workers, or keep rows for a shorter time.",
  },
  STATE_OF_OTHER_JOB: {
    fault: "user",
    retryable: false,
    message:
      "The state in {dir} is that of job {other}, and this is {job}. Give each job an output folder of its own, keep the name with `--name`, or begin anew with `--fresh`.",
  },
  SUSPENSION_ALREADY_RESUMED: {
    fault: "user",
    retryable: false,
    message: "{what} was resumed by {who} at {at}. Nothing is left to resume.",
  },
  SUSPENSION_UNKNOWN: {
    fault: "user",
    retryable: false,
    message: "There is no suspension of {what}; suspended now: {known}. Correct the name.",
  },
  TEST_STEP_INVALID: {
    fault: "user",
    retryable: false,
    message: "The test asks for what cannot be: {reason}.",
  },
  TOPIC_EXISTS: {
    fault: "user",
    retryable: false,
    message:
      "Topic {topic} exists in {place} with {partitions} partitions, not {asked}. Ask for that number, or write to a new folder.",
  },
  TOPIC_NAME_INVALID: {
    fault: "user",
    retryable: false,
    message:
      "{topic} cannot name a topic of a file log. Use letters, digits, `.`, `_` and `-`, at most 249, with no dot at either end, and not `schemas`.",
  },
  TOPIC_NOT_FOUND: {
    fault: "user",
    retryable: false,
    message: "There is no topic {topic} in {place}; known: {known}. Correct the name, or create the topic first.",
  },
  TRUTH_DISAGREES: {
    fault: "external",
    retryable: false,
    message:
      "The source of truth refutes an alert of {check}, of key {key}, and no change event resolves it: {note}. The alert was told all the same. Look whether the connector runs, and whether `reread.{check}` asks what the check does.",
  },
  VALUE_NOT_MAPPED: {
    fault: "external",
    retryable: false,
    message:
      "Column {column} holds {value}, which the mapping has no name for. Add it to the field's `values`, or say with `otherwise` what all others are called.",
  },
  WINDOW_GAP_INVALID: {
    fault: "user",
    retryable: false,
    message:
      "A row of {place} has {gap} for the gap of its session in {field}. Give every row one above 0, in ms, or leave such rows out before.",
  },
  WORKER_DIED: {
    fault: "external",
    retryable: true,
    message: "Worker {worker} died: {reason}. Run again; the run goes on from its last checkpoint.",
  },
} as const satisfies Record<
  string,
  { readonly fault: "user" | "external" | "bug"; readonly retryable: boolean; readonly message: string }
>;

/** The code of a catalogued error. */
export type ErrorCode = keyof typeof errorCatalogue;
