// Bank names by BIN (NAPAS), as they stand in the banks' own apps.
const BANKS = /** @type {Record<string, string>} */ ({
  970400: "SaigonBank",
  970403: "Sacombank",
  970405: "Agribank",
  970406: "Vikki Bank",
  970407: "Techcombank",
  970408: "GPBank",
  970409: "Bac A Bank",
  970412: "PVcomBank",
  970414: "MBV",
  970415: "VietinBank",
  970416: "ACB",
  970418: "BIDV",
  970419: "NCB",
  970422: "MB Bank",
  970423: "TPBank",
  970424: "Shinhan Bank",
  970425: "ABBANK",
  970426: "MSB",
  970427: "VietABank",
  970428: "Nam A Bank",
  970429: "SCB",
  970430: "PGBank",
  970431: "Eximbank",
  970432: "VPBank",
  970433: "VietBank",
  970436: "Vietcombank",
  970437: "HDBank",
  970438: "BaoViet Bank",
  970440: "SeABank",
  970441: "VIB",
  970443: "SHB",
  970444: "VCBNeo",
  970446: "Co-opBank",
  970448: "OCB",
  970449: "LPBank",
  970452: "KienlongBank",
  970454: "BVBank",
  970457: "Woori Bank",
  970458: "UOB",
  546034: "CAKE",
  546035: "Ubank",
  963388: "Timo",
});

/** @param {string} bin @returns {string | null} */
export function bankName(bin) {
  return BANKS[bin] ?? null;
}

/** @returns {[bin: string, name: string][]} by name, as one looks for one's own */
export function bankList() {
  return Object.entries(BANKS).sort(([, one], [, other]) => one.localeCompare(other, "vi"));
}
