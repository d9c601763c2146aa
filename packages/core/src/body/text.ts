import { utf8 } from './bytes.ts'
import { WebhookError } from '../errors.ts'

const decoders = new Map<string, TextDecoder>()

/**
 * The text of the bytes, without a leading byte order mark. What is invalid becomes U+FFFD.
 *
 * @param charset - a label of the WHATWG Encoding Standard; UTF-8 if it is undefined.
 * @throws WebhookError `unsupported_encoding` for an unknown label.
 */
export function decodeText(bytes: Uint8Array, charset: string | undefined): string {
  if (charset === undefined || charset === 'utf-8' || charset === 'utf8') {
    const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
    return utf8(marked ? bytes.subarray(3) : bytes)
  }
  // The Encoding Standard reads the label `utf-16` as little endian whatever the mark says.
  if (charset === 'utf-16' && bytes[0] === 0xfe && bytes[1] === 0xff)
    return decoder('utf-16be').decode(bytes)
  return decoder(charset).decode(bytes)
}

function decoder(charset: string): TextDecoder {
  let found = decoders.get(charset)
  if (found === undefined) {
    try {
      found = new TextDecoder(charset)
    } catch (cause) {
      throw new WebhookError(
        'unsupported_encoding',
        { problem: 'unknown_charset', header: 'content-type' },
        { cause },
      )
    }
    // Bounded, since there are only some 200 labels a TextDecoder takes.
    decoders.set(charset, found)
  }
  return found
}
