const WIDTH = 16

/** Lines of a hex dump: `00000010  68 65 6c 6c 6f …  hello`. */
export function hexLines(bytes: Uint8Array, from: number, to: number): string {
  const lines: string[] = []
  for (let at = from; at < Math.min(to, bytes.length); at += WIDTH) {
    const part = Array.from(bytes.subarray(at, at + WIDTH))
    const digits = part.map((byte) => byte.toString(16).padStart(2, '0'))
    const left = digits.slice(0, 8).join(' ')
    const right = digits.slice(8).join(' ')
    const text = part.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : '.'))
    lines.push(
      `${at.toString(16).padStart(8, '0')}  ${left.padEnd(23)}  ${right.padEnd(23)}  ${text.join('')}`,
    )
  }
  return lines.join('\n')
}

/** The bytes behind a base64 string. */
export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0))
}
