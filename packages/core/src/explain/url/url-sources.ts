import type { PlainRequest } from '../finding.ts'

/** A URL split into parts, without credentials. The parts are never decoded. */
export interface UrlParts {
  readonly scheme: string
  readonly host: string
  /** The port with its colon, or an empty string. */
  readonly port: string
  readonly path: string
  /** The query with its question mark, or an empty string. */
  readonly query: string
}

const URL_TEXT = /^(https?):\/\/(?:[^/?#@]*@)?(\[[^\]]*\]|[^:/?#]*)(:\d+)?([^?#]*)(\?[^#]*)?/i

export function urlParts(url: string): UrlParts | undefined {
  const [, scheme, host, port = '', path, query = ''] = URL_TEXT.exec(url) ?? []
  if (scheme === undefined || host === undefined) return undefined
  return { scheme: scheme.toLowerCase(), host, port, path: path === '' ? '/' : path!, query }
}

const ENDS = ['.local', '.internal', '.localhost']
const BEGINS = ['127.', '10.', '192.168.', '169.254.', '[::1]', '[fc', '[fd', '[fe80']

export function isPrivateHost(url: string): boolean {
  const host = urlParts(url)?.host.toLowerCase()
  if (host === undefined) return false
  if (/^172\.(?:1[6-9]|2\d|3[01])\./.test(host)) return true
  if (BEGINS.some((begin) => host.startsWith(begin))) return true
  return ENDS.some((end) => host.endsWith(end)) || !/[.[]/.test(host)
}

/** Returns candidates for each part of the URL that the sender used, from the request and from headers of proxies. */
export function sourcesOf(
  request: PlainRequest,
  publicUrl: string | undefined,
): { readonly [Part in keyof UrlParts]: string[] } {
  const found = { scheme: [], host: [], port: [], path: [], query: [] } as {
    [Part in keyof UrlParts]: string[]
  }
  const header = (name: string): readonly string[] =>
    (request.headers.get(name) ?? [])
      .slice(0, 4)
      .flatMap((line) => line.slice(0, 2048).split(','))
      .map((text) => text.trim())
      .filter((text) => text !== '')
  const add = (part: keyof UrlParts, value: string | undefined): void => {
    if (value !== undefined && !found[part].includes(value)) found[part].push(value)
  }
  const whole = (url: string): void => {
    const parts = urlParts(url)
    for (const [name, value] of Object.entries(parts ?? {}))
      add(name as keyof UrlParts, value as string)
  }

  if (publicUrl !== undefined) whole(request.url)
  for (const name of [
    'x-forwarded-host',
    'x-original-host',
    'host',
    ':authority',
    'x-forwarded-server',
    'x-host',
  ])
    for (const value of header(name)) hostAndPort(value)
  for (const name of [
    'x-forwarded-proto',
    'x-forwarded-protocol',
    'x-forwarded-scheme',
    'x-url-scheme',
    'cloudfront-forwarded-proto',
  ])
    for (const value of header(name))
      if (/^https?$/i.test(value)) add('scheme', value.toLowerCase())
  if (header('x-forwarded-ssl')[0] === 'on' || header('front-end-https')[0] === 'on')
    add('scheme', 'https')
  for (const value of header('x-forwarded-port'))
    if (/^\d{1,5}$/.test(value)) add('port', `:${value}`)
  for (const line of header('forwarded').flatMap((value) => value.split(';'))) {
    const [, name, value] = /^\s*(host|proto)="?([^"]*)"?\s*$/i.exec(line) ?? []
    if (name?.toLowerCase() === 'host') hostAndPort(value!)
    else if (name) add('scheme', value!.toLowerCase())
  }
  for (const name of [
    'x-original-url',
    'x-rewrite-url',
    'x-original-uri',
    'x-forwarded-uri',
    'x-forwarded-path',
    'x-envoy-original-path',
    'x-request-uri',
    'request-uri',
    'x-invoke-path',
  ]) {
    for (const line of request.headers.get(name)?.slice(0, 4) ?? []) {
      if (/^https?:/i.test(line)) whole(line)
      else if (line.startsWith('/')) {
        const { path, query } = urlParts(`http://x${line}`)!
        add('path', path)
        add('query', query)
      }
    }
  }
  const own = urlParts(publicUrl ?? request.url)?.path ?? '/'
  for (const name of ['x-forwarded-prefix', 'x-script-name', 'x-ingress-path'])
    for (const value of header(name)) add('path', `/${value.replaceAll(/^\/+|\/+$/g, '')}${own}`)
  return found

  function hostAndPort(value: string): void {
    const [, host, port] = /^(\[[^\]]*\]|[^:/?#\s]+)(:\d{1,5})?$/.exec(value) ?? []
    add('host', host)
    if (host !== undefined && port !== undefined) add('port', port)
  }
}
