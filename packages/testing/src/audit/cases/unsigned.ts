import {
  type AuditCase,
  casesLike,
  textOfBody,
  withOtherBody,
  withHeader,
  withUrl,
  withValue,
  type AuditRequest,
} from '../request.ts'
import type { AuditSender } from '../sender.ts'
import { skipUnless } from './authentic.ts'
import { FORGERY, IN_BODY } from './signatures.ts'

export function unsignedCases(sender: AuditSender): readonly AuditCase[] {
  const bare = (): AuditRequest => {
    const request = sender.sign()
    return sender.facts.place ? withValue(request, sender.facts.place) : request
  }
  const like = casesLike({
    ...FORGERY,
    ...skipUnless(sender.facts.place !== undefined, IN_BODY),
  })
  const unsigned = (
    id: string,
    what: string,
    change: (request: AuditRequest) => AuditRequest,
    more?: Partial<AuditCase>,
  ): AuditCase => like(id, what, () => change(bare()), more)
  const typed = (
    name: string,
    type: string | undefined,
    body?: (text: string) => string,
  ): AuditCase =>
    unsigned(
      `unsigned-as-${name}`,
      `an unsigned body of the type ${type ?? 'that nobody says'}`,
      (request) => {
        const labelled = withHeader(request, 'content-type', ...(type === undefined ? [] : [type]))
        return body ? withOtherBody(labelled, body(textOfBody(request))) : labelled
      },
    )
  const elsewhere = (name: string, what: string, change: (url: URL) => void): AuditCase =>
    unsigned(`path-${name}`, what, (request) => withUrl(request, change), {
      remedy: 'route',
      control: () =>
        withUrl(
          bare(),
          (url) => (url.pathname = `/postern-audit-${Math.floor(sender.random() * 1e9)}`),
        ),
      ...skipUnless(sender.facts.place !== undefined && hasPath(sender.url), 'the URL has no path'),
    })
  return [
    typed('text', 'text/plain'),
    typed(
      'form',
      'application/x-www-form-urlencoded',
      (text) => `payload=${encodeURIComponent(text)}`,
    ),
    typed(
      'multipart',
      'multipart/form-data; boundary=postern',
      (text) =>
        `--postern\r\nContent-Disposition: form-data; name="payload"\r\n\r\n${text}\r\n--postern--\r\n`,
    ),
    typed('json', 'application/json'),
    typed('none', undefined),
    elsewhere('trailing-slash', 'an unsigned delivery, its path with a slash at the end', (url) => {
      url.pathname = `${url.pathname}/`
    }),
    elsewhere('double-slash', 'an unsigned delivery, its path with a doubled slash', (url) => {
      url.pathname = `/${url.pathname}`
    }),
    elsewhere('capitals', 'an unsigned delivery, its path in capitals', (url) => {
      url.pathname = url.pathname.toUpperCase()
    }),
    elsewhere('encoded', 'an unsigned delivery, a letter of its path encoded', (url) => {
      url.pathname = encodedLast(url.pathname)
    }),
    unsigned('query-switch', 'an unsigned delivery whose query asks for tests', (request) =>
      withUrl(request, ({ searchParams }) => {
        for (const name of ['test', 'debug', 'skip_verification', 'verify'])
          searchParams.set(name, name === 'verify' ? 'false' : '1')
      }),
    ),
    unsigned(
      'other-method',
      'an unsigned delivery by PUT',
      (request) => ({ ...request, method: 'PUT' }),
      {
        remedy: 'route',
      },
    ),
    unsigned(
      'method-override',
      'an unsigned delivery that asks to be treated as another method',
      (request) => withHeader(request, 'x-http-method-override', 'PUT'),
    ),
    unsigned(
      'unsigned-get',
      'a GET with the event in its query',
      (request) =>
        withUrl({ ...request, method: 'GET', body: Buffer.alloc(0) }, ({ searchParams }) =>
          searchParams.set('payload', textOfBody(request).slice(0, 2000)),
        ),
      // Many sites answer every GET with a page, so a reply with 2xx is not a failure.
      { severity: 'high', expects: { reply: 'sane', effects: 0 }, remedy: 'route' },
    ),
  ]
}

function hasPath(url: string): boolean {
  return new URL(url).pathname.length > 1
}

function encodedLast(path: string): string {
  const at = path.search(/[a-z](?=[^a-z]*$)/i)
  return at < 0
    ? path
    : `${path.slice(0, at)}%${path.charCodeAt(at).toString(16)}${path.slice(at + 1)}`
}
