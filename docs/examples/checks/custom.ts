import { hours, id, instant, job, model, money, table } from "countercheck";

export const Parcel = model("Parcel", {
  from: table("shop", "parcels"),
  fields: { orderId: id(), parcelNo: id(), cost: money(), packedAt: instant() },
  businessTime: "packedAt",
});
export const Scan = model("Scan", {
  from: table("carrier", "scans"),
  fields: { orderId: id(), parcelNo: id() },
});

/** A parcel that the carrier has not scanned a day after it was packed is lost; one that was lost before is on watch. */
export default job("parcels", (env) => {
  env.custom("parcels", {
    by: "orderId",
    models: { parcels: env.changes(Parcel), scans: env.changes(Scan) },
    after: { parcels: hours(24) },
    state: { lost: [] as string[] },
    judge({ parcels, scans }, { isDue, state }) {
      const scanned = new Set(scans.map(({ parcelNo }) => parcelNo));
      const unseen = parcels.filter(({ parcelNo }) => parcelNo !== null && !scanned.has(parcelNo));
      if (unseen.length === 0) return [];
      const lost = unseen.filter((parcel) => isDue(parcel));
      if (lost.length === 0) return [{ pending: true }];
      for (const { parcelNo } of lost) if (!state.lost.includes(parcelNo!)) state.lost.push(parcelNo!);
      const minor = lost.reduce((sum, { cost }) => sum + (cost?.minor ?? 0n), 0n);
      const note = `lost of this order so far: ${state.lost.join(", ")}`;
      return [{ class: "parcel-lost", atRisk: { minor, currency: "EUR" }, note }];
    },
  });
});
