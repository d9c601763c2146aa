import { rfc9421 } from '../rfc9421.ts'
import { type CatalogueEntry } from '../common/entry.ts'

/** RFC 9421 in the catalogue. */
export const rfc9421Entry: CatalogueEntry = {
  name: 'rfc9421',
  title: 'HTTP Message Signatures (RFC 9421)',
  docs: 'https://www.rfc-editor.org/rfc/rfc9421',
  create: rfc9421,
  secretOption: 'secret',
  options: {
    secret: 'The shared secret, where alg is hmac-sha256.',
    publicKey: "The sender's public key as PEM, for the other algorithms.",
    alg: "Algorithm of the keys. Default 'hmac-sha256'.",
    keyId: 'The keyid that counts. Default any.',
    keyEncoding: "How a shared secret is written: 'utf8', 'hex' or 'base64'. Default 'utf8'.",
    label: 'The label of the signature that counts. Default the only one.',
    tag: 'The tag a signature must have. Default any.',
    requiredComponents:
      "Components it must cover. Default '@method', '@target-uri', 'content-digest'.",
    requiredParameters: "Parameters it must have. Default 'created'.",
    tolerance: 'Seconds created may be away from now. Default 300.',
    topic: "A function that gives the topic. Default 'message'.",
    id: 'A function that gives the id. Default none.',
  },
  topics: ['message'],
  handshakes: [],
  contentTypes: ['any'],
  canSign: true,
}
