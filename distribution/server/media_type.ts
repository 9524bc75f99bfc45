/** RFC 6838 §4.2: the grammar of media types, without parameters. */
const MEDIA_TYPE =
  /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/;

/** Whether a text is a media type, without parameters. */
export function isMediaType(text: string): boolean {
  return MEDIA_TYPE.test(text);
}

/** The media type of a `Content-Type` header, without its parameters (distribution-spec R48). */
export function mediaTypeOf(contentType: string | null): string | undefined {
  const [type = ""] = (contentType ?? "").split(";", 1);
  return type.trim() || undefined;
}
