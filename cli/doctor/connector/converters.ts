import { defect, type Finding } from "../finding.ts";
import type { Settings } from "./include-list.ts";

const CONFLUENT = "io.confluent.connect.avro.AvroConverter";
const APICURIO = "io.apicurio.registry.utils.converter.AvroConverter";
const REMEDY = `key.converter and value.converter=${CONFLUENT}, or ${APICURIO} with apicurio.registry.as-confluent=true`;

/** Transforms that leave keys, values and envelopes as they are. */
const HARMLESS = /(RegexRouter|TimestampRouter|InsertHeader|DropHeaders|HasHeaderKey)/;
const UNWRAPPING = /ExtractNewRecordState|ExtractNewDocumentState/;

/** Whether what the connector writes are Debezium's envelopes, as Avro in Confluent's format. */
export function converterFindings(about: string, settings: Settings): Finding[] {
  const sides = ["key", "value"].flatMap((side) => sideFindings(about, `${side}.converter`, settings));
  return [...sides, ...transformFindings(about, settings)];
}

/** Without a converter of its own the connector has the worker's; the records themselves show what that is. */
function sideFindings(about: string, setting: string, settings: Settings): Finding[] {
  const value = settings[setting];
  if (value === undefined || value === CONFLUENT) return [];
  if (value !== APICURIO) return [defect("CONNECTOR_NOT_AVRO", about, { setting, value, remedy: REMEDY })];
  const headers = `${setting}.apicurio.registry.headers.enabled`;
  if (settings[headers] === "true") return [framing(about, headers, "true", `${headers}=false`)];
  const framed = `${setting}.apicurio.registry.as-confluent`;
  return settings[framed] === "false" ? [framing(about, framed, "false", `${framed}=true`)] : [];
}

function framing(about: string, setting: string, value: string, remedy: string): Finding {
  return defect("CONNECTOR_NOT_AVRO", about, { setting, value, remedy });
}

function transformFindings(about: string, settings: Settings): Finding[] {
  const aliases = (settings.transforms ?? "").split(",").map((alias) => alias.trim());
  return aliases.flatMap((alias) => {
    const type = settings[`transforms.${alias}.type`];
    if (type === undefined || HARMLESS.test(type)) return [];
    return [defect(UNWRAPPING.test(type) ? "CONNECTOR_UNWRAPS" : "CONNECTOR_TRANSFORMS", about, { alias, type })];
  });
}
