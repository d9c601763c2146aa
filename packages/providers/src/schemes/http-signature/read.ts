import { Buffer } from 'node:buffer'
import { WebhookError, type Delivery } from '@postern/core'
import { malformed } from '@postern/core/internal'
import {
  bytesAsBase64,
  dictionary,
  type FieldItem,
  type StructuredFields,
} from './structured-fields.ts'

/** A parsed signature that is not verified yet. */
export interface ReadSignature {
  readonly components: readonly FieldItem[]
  readonly parameters: ReadonlyMap<string, unknown>
  /** The list of components and parameters, as in the last line of the signed text. */
  readonly serialized: string
  readonly keyId: string | undefined
  readonly alg: string | undefined
  /** The signature in base64. */
  readonly signature: string
}

interface ReadSignatureOptions {
  readonly label?: string | undefined
  readonly keyId?: string | undefined
  readonly tag?: string | undefined
  readonly base64url?: boolean
}

// Maximum number of components in a signature. Known profiles have six or seven. A limit is needed because each
// component makes the receiver read another header.
const MAX_COMPONENTS = 32

/** Reads the signature. If there are several, the options choose one (RFC 9421, section 4). */
export function readSignature(
  sf: StructuredFields,
  delivery: Delivery,
  options: ReadSignatureOptions,
): ReadSignature {
  const inputs = dictionary(sf, delivery, 'signature-input')
  const signatures = dictionary(
    sf,
    delivery,
    'signature',
    options.base64url ? standardBase64 : undefined,
  )
  const label = choose(inputs, options)
  const input = inputs.get(label)
  const signature = bytesAsBase64(signatures.get(label)?.[0])
  if (!input || !Array.isArray(input[0]))
    throw malformed({ header: 'signature-input' }, `a list of components under the label ${label}`)
  if (signature === undefined || !isWritten(delivery, signature, options.base64url === true))
    throw malformed({ header: 'signature' }, `base64 under the label ${label}`)
  const components = input[0] as FieldItem[]
  if (components.length > MAX_COMPONENTS)
    throw malformed({ header: 'signature-input' }, `a list of at most ${MAX_COMPONENTS} components`)
  const names = components.map((component) => sf.serializeItem(component as never))
  if (new Set(names).size !== names.length)
    throw malformed({ header: 'signature-input' }, 'a list of distinct components')
  const parameters = input[1]
  return {
    components,
    parameters,
    serialized: sf.serializeInnerList(input as never),
    keyId: textOf(parameters, 'keyid'),
    alg: textOf(parameters, 'alg'),
    signature,
  }
}

function choose(
  inputs: ReadonlyMap<string, FieldItem>,
  { label, keyId, tag }: ReadSignatureOptions,
): string {
  if (label !== undefined) return label
  const all = [...inputs]
  const fitting =
    all.length === 1
      ? all
      : all.filter(
          ([, [, parameters]]) =>
            (keyId === undefined || parameters.get('keyid') === keyId) &&
            (tag === undefined || parameters.get('tag') === tag),
        )
  if (fitting.length !== 1)
    throw new WebhookError('malformed_header', {
      problem: 'several',
      header: 'signature-input',
      expected: 'one signature, since no option says which counts',
    })
  return fitting[0]![0]
}

function textOf(parameters: ReadonlyMap<string, unknown>, name: string): string | undefined {
  const value = parameters.get(name)
  if (value !== undefined && typeof value !== 'string')
    throw malformed({ header: 'signature-input' }, `a signature whose ${name} is a string`)
  return value
}

// Returns true if the header has the signature in canonical base64. Parsers ignore the unused bits of the last
// character, so they accept several spellings of one signature.
function isWritten(delivery: Delivery, base64: string, url: boolean): boolean {
  const text = delivery.headers('signature').join(', ')
  return (
    text.includes(`:${base64}:`) ||
    (url && text.includes(`:${Buffer.from(base64, 'base64').toString('base64url')}:`))
  )
}

function standardBase64(text: string): string {
  return text.replace(/:([\w-]+):/g, (_, url: string) => {
    const standard = url.replaceAll('-', '+').replaceAll('_', '/')
    return `:${standard.padEnd(Math.ceil(standard.length / 4) * 4, '=')}:`
  })
}
