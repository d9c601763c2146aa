/** The bytes of a key that HMAC uses; undefined if the scheme's keys are something else. */
export function bytesOf(key: unknown): Uint8Array | undefined {
  if (key instanceof Uint8Array) return key
  const inner: unknown = typeof key === 'object' && key !== null && 'key' in key && key.key
  return inner instanceof Uint8Array ? inner : undefined
}

/** A key of the same kind from other bytes; undefined if the scheme's keys are no bytes. */
export function rekeyed(key: unknown, bytes: Uint8Array): unknown {
  if (bytes.length === 0) return undefined
  if (key instanceof Uint8Array) return bytes
  return bytesOf(key) && { ...(key as object), key: bytes }
}
