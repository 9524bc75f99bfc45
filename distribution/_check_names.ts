import { type Checker, type Fields, Path } from "../image/_checker.ts";

/** What a name must be, and what to say where it is not. */
export interface NameRule {
  /** Whether a text is such a name. */
  is(text: string): boolean;
  /** What is expected, in words. */
  readonly expected: string;
}

/** Checks a member that lists names. On the wire any text is one. */
export function checkNames(
  checker: Checker,
  fields: Fields,
  member: string,
  rule: NameRule,
): void {
  const path = new Path();
  const names = checker.array(fields, member, path, checker.strict);
  names?.forEach((name, index) => {
    const place = () => path.child(member).child(index).text();
    if (typeof name !== "string") checker.add(place(), "a string", name);
    else if (checker.strict && !rule.is(name)) {
      checker.add(place(), rule.expected, name);
    }
  });
}
