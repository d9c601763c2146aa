import { createHmac } from 'node:crypto'
import { shellWord } from '@postern/core/inert'
import type { About } from '@postern/core/scheme'
import { copyAsCurl, type CurlPart } from '@postern/samples'
import type { AuditRequest } from '@postern/testing/audit'

export interface CurlFacts {
  readonly about: About
  /** Secrets, which the command must not contain. */
  readonly secrets: readonly string[]
  /** Name of the environment variable that contains the secret. */
  readonly variable: string
}

/**
 * Ways to derive a signing key from a secret: as text, hex or base64. Each way has a JavaScript function and the
 * equivalent option of openssl.
 */
const KEYS: readonly {
  readonly bytes: (secret: string) => Buffer
  readonly shell: (variable: string) => string
}[] = [
  { bytes: (secret) => Buffer.from(secret), shell: (name) => `-hmac "$${name}"` },
  {
    bytes: (secret) => Buffer.from(secret, 'hex'),
    shell: (name) => `-mac HMAC -macopt hexkey:"$${name}"`,
  },
  {
    bytes: (secret) => Buffer.from(secret.replace(/^(?:v1,)?whsec_/, ''), 'base64'),
    shell: (name) =>
      `-mac HMAC -macopt hexkey:$(printf %s "\${${name}##*whsec_}" | base64 -d | od -An -v -tx1 | tr -d ' \\n')`,
  },
]

// Maximum size of a body in bytes. The curl command for a larger body would be too long to read or copy.
const LONGEST = 16_384

/**
 * Returns a request as a curl command for bash, or undefined if no command can send the request. If the secret signs
 * the request, the command computes the signature with openssl. The command then reads the secret from the environment
 * variable. Any other request is sent unchanged.
 */
export function curlOf(request: AuditRequest, facts: CurlFacts): string | undefined {
  const { body, wire, headers, method, url } = request
  if (body.length > LONGEST || wire?.length !== undefined || wire?.slow || wire?.cut !== undefined)
    return undefined
  const signing = signingOf(request, facts)
  // The signature covers the original body. So no shell variable replaces the time or the signature in the body.
  const signed = Buffer.from(body).toString('utf8')
  const parts = (text: string): readonly CurlPart[] => {
    const by = text === signed ? undefined : signing
    const known: readonly (readonly [value: string, shell: string])[] = [
      ...(by ? [[by.mac, '"$MAC"'] as const] : []),
      ...(by?.time === undefined ? [] : [[by.time, '"$T"'] as const]),
      ...facts.secrets
        .filter((secret) => secret.length > 3)
        .flatMap((secret) => [
          [secret, `"$${facts.variable}"`] as const,
          [encoded(secret), encodedExpression(facts.variable)] as const,
        ]),
    ]
    return known.reduce<readonly CurlPart[]>(
      (all, [value, shell]) =>
        all.flatMap((part) => (typeof part === 'string' ? split(part, value, shell) : [part])),
      [text],
    )
  }
  try {
    const command = copyAsCurl({ method, url, headers, body }, { parts })
    return signing ? `${signing.lines.join('\n')}\n${command}` : command
  } catch {
    return undefined
  }
}

function split(text: string, value: string, shell: string): readonly CurlPart[] {
  return text
    .split(value)
    .flatMap((part, at) => [...(at > 0 ? [{ shell }] : []), ...(part === '' ? [] : [part])])
}

/** Returns a secret as it appears in a Basic `Authorization` header: in base64. */
function encoded(secret: string): string {
  return Buffer.from(secret).toString('base64')
}

function encodedExpression(variable: string): string {
  return `"$(printf %s "$${variable}" | base64 -w0)"`
}

interface Signing {
  readonly mac: string
  readonly time: string | undefined
  readonly lines: readonly string[]
}

const SCHEME = /^HMAC-SHA(1|256|384|512) of (\S+), (hex|base64|base64url)(?:,|$)/

/**
 * Returns shell lines in which openssl creates the signature. Returns undefined if the scheme is not HMAC, or the
 * request is not signed with a secret.
 */
function signingOf(
  request: AuditRequest,
  { about, secrets, variable }: CurlFacts,
): Signing | undefined {
  const [, size, template, encoding] = SCHEME.exec(about.scheme) ?? []
  if (size === undefined || template === undefined) return undefined
  const values = valuesOf(request, template)
  if (!values) return undefined
  for (const time of values.times) {
    const pieces = template.split(/(\{[^}]+\})/).filter((piece) => piece !== '')
    const message = Buffer.concat(
      pieces.map((piece) =>
        piece === '{body}'
          ? Buffer.from(request.body)
          : Buffer.from(values.named[piece] ?? (piece === '{time}' ? (time ?? '') : piece)),
      ),
    )
    for (const secret of secrets)
      for (const { bytes, shell } of KEYS) {
        const mac = createHmac(`sha${size}`, bytes(secret))
          .update(message)
          .digest(encoding as 'hex')
        if (!request.headers.some(([, value]) => value.includes(mac)) && !request.url.includes(mac))
          continue
        const printed = pieces.map((piece) => print(piece, values.named, request.body)).join('; ')
        const ago =
          time === undefined ? 0 : Math.round(Date.now() / 1000) - Number(time.slice(0, 10))
        const clock = `T=$(($(date +%s)${ago === 0 ? '' : ago > 0 ? `-${ago}` : `+${-ago}`}))${time !== undefined && time.length > 10 ? '000' : ''}`
        const coded =
          encoding === 'hex'
            ? `-r | cut -d' ' -f1`
            : `-binary | base64 -w0${encoding === 'base64url' ? " | tr '+/' '-_' | tr -d =" : ''}`
        return {
          mac,
          time,
          lines: [
            ...(template.includes('{time}') ? [clock] : []),
            `MAC=$({ ${printed}; } | openssl dgst -sha${size} ${shell(variable)} ${coded})`,
          ],
        }
      }
  }
  return undefined
}

/**
 * Returns the values of the placeholders in `template`, the template of the signed text. Also returns every time in the
 * headers, because any of these times may be part of the signed text.
 */
function valuesOf(
  { headers, url, method }: AuditRequest,
  template: string,
):
  | {
      readonly named: Readonly<Record<string, string>>
      readonly times: readonly (string | undefined)[]
    }
  | undefined {
  const named: Record<string, string> = { '{url}': url, '{method}': method }
  for (const [piece] of template.matchAll(/\{[^}]+\}/g)) {
    if (['{url}', '{method}', '{time}', '{body}'].includes(piece)) continue
    const name =
      piece === '{id}'
        ? /-id$/
        : piece.startsWith('{header:')
          ? new RegExp(`^${piece.slice(8, -1)}$`, 'i')
          : undefined
    const found = name && headers.find(([one]) => name.test(one))?.[1]
    if (found === undefined) return undefined
    named[piece] = found
  }
  if (!template.includes('{time}')) return { named, times: [undefined] }
  return {
    named,
    times: headers.flatMap(([, value]) =>
      [...value.matchAll(/(?<!\d)1\d{9}(?:\d{3})?(?!\d)/g)].map(([time]) => time),
    ),
  }
}

function print(piece: string, named: Readonly<Record<string, string>>, body: Uint8Array): string {
  if (piece === '{time}') return 'printf %s "$T"'
  if (piece !== '{body}') return `printf %s ${shellWord(named[piece] ?? piece)}`
  return body.includes(0)
    ? `base64 -d <<< ${Buffer.from(body).toString('base64')}`
    : `printf %s ${shellWord(body)}`
}
