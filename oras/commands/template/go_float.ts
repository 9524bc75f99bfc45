/** What no number of a program needs more of, in digits behind the point. */
const MOST_DIGITS = 1100;

/** A number by `%e`, `%f` or `%g`, as Go's `strconv.FormatFloat` gives it; undefined for other verbs. */
export function formatFloat(
  verb: string,
  value: number,
  precision: number | undefined,
): string | undefined {
  if (!/^[eEfFgG]$/.test(verb)) return undefined;
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  const text = verb === "f" || verb === "F"
    ? fixed(value, precision ?? 6)
    : verb === "e" || verb === "E"
    ? scientific(value, precision ?? 6)
    : general(value, precision);
  return verb === "E" || verb === "G" ? text.toUpperCase() : text;
}

/** With so many digits behind the point; half of the last is rounded to an even one. */
function fixed(value: number, precision: number): string {
  const places = Math.min(precision, MOST_DIGITS);
  const { exponent, mantissa } = parts(Math.abs(value));
  let scaled = mantissa * 10n ** BigInt(places);
  if (exponent >= 0) scaled <<= BigInt(exponent);
  else {
    const divisor = 1n << BigInt(-exponent);
    const rest = 2n * (scaled % divisor);
    scaled /= divisor;
    if (rest > divisor || (rest === divisor && scaled % 2n === 1n)) scaled++;
  }
  const digits = String(scaled).padStart(places + 1, "0");
  const cut = digits.length - places;
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const behind = digits.slice(cut).padEnd(precision, "0");
  return sign + digits.slice(0, cut) + (behind === "" ? "" : `.${behind}`);
}

/** A number that is not negative as an integer times a power of two. */
function parts(value: number): { mantissa: bigint; exponent: number } {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  const exponent = bits.getUint16(0) >> 4;
  const fraction = bits.getBigUint64(0) & (2n ** 52n - 1n);
  return exponent === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction + 2n ** 52n, exponent: exponent - 1075 };
}

function scientific(value: number, precision: number): string {
  const [digits = "", power = ""] = value
    .toExponential(Math.min(precision, 100)).split("e");
  const missing = Math.max(0, precision - 100);
  return digits + "0".repeat(missing) + exponentOf(Number(power));
}

/** As few digits as tell the number apart, or so many in all. */
function general(value: number, precision: number | undefined): string {
  const wanted = precision === undefined
    ? undefined
    : Math.min(Math.max(precision, 1), 100);
  const [digits = "", exponent = ""] = value
    .toExponential(wanted === undefined ? undefined : wanted - 1).split("e");
  const power = Number(exponent);
  const short = digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits;
  const count = short.replace(/[-.]/g, "").length;
  let limit = wanted ?? 6;
  if (wanted !== undefined && wanted > count && count >= power + 1) {
    limit = count;
  }
  return power < -4 || power >= limit
    ? short + exponentOf(power)
    : fixedOf(short, power);
}

/** Moves the point to where it stands without an exponent. */
function fixedOf(short: string, power: number): string {
  const sign = short.startsWith("-") ? "-" : "";
  const digits = short.replace(/[-.]/g, "");
  if (power < 0) return `${sign}0.${"0".repeat(-power - 1)}${digits}`;
  const whole = digits.slice(0, power + 1).padEnd(power + 1, "0");
  const behind = digits.slice(power + 1);
  return sign + whole + (behind === "" ? "" : `.${behind}`);
}

/** The exponent as Go writes it: a sign and two digits at least. */
function exponentOf(power: number): string {
  const digits = String(Math.abs(power)).padStart(2, "0");
  return `e${power < 0 ? "-" : "+"}${digits}`;
}
