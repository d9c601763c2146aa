import type { FindingCause } from '@postern/core/explain'
import { withHeaders, type Spoil } from './spoil.ts'

type Change = readonly [
  members: Partial<
    Record<'href' | 'protocol' | 'hostname' | 'port' | 'pathname' | 'search', string>
  >,
  headers?: Readonly<Record<string, string>>,
]

/** Spoils that change the URL. */
export const URLS: readonly Spoil[] = [
  url('http', 'url-scheme', () => [{ protocol: 'http:' }]),
  url('inner host', 'url-host', () => [
    { hostname: 'app.internal' },
    { 'x-forwarded-host': 'hooks.example.com' },
  ]),
  url('inner port', 'url-port', () => [{ port: '8080' }]),
  url('port of https', 'url-port', ({ href }) => [{ href: href.replace('.com/', '.com:443/') }]),
  url('forwarded', 'url-host', () => [
    { hostname: '10.0.0.7' },
    { forwarded: 'for=1.2.3.4;host=hooks.example.com;proto=https' },
  ]),
  url('without www', 'url-host', ({ hostname }) => [{ hostname: `www.${hostname}` }]),
  url('stage added', 'url-path', ({ pathname }) => [{ pathname: `/prod${pathname}` }]),
  url('slash twice', 'url-path', ({ pathname }) => [{ pathname: `/${pathname}` }]),
  url('query lost', 'url-query', ({ pathname, search }) => [
    { search: '' },
    { 'x-original-uri': pathname + search },
  ]),
  url('blank as plus', 'url-query', ({ search }) => [{ search: search.replace('%20', '+') }]),
  url('prefix cut', 'url-path', () => [{ pathname: '/here' }, { 'x-forwarded-prefix': '/in' }]),
  url('slash added', 'url-path', ({ pathname }) => [{ pathname: `${pathname}/` }]),
  url('parameter added', 'url-query', ({ search }) => [{ search: `${search}&utm=1` }]),
  url('parameters sorted', 'parameters-order', () => [{ search: '?a=1&b=2&c=x%20y' }]),
]

function url(name: string, cause: FindingCause, change: (url: URL) => Change): Spoil {
  return {
    name,
    cause,
    apply(from, { provider }) {
      if (!provider().covers.url) return undefined
      const target = new URL(from.request.url)
      const [members, headers] = change(target)
      Object.assign(target, members)
      const changed = { ...from, request: { ...from.request, url: target.href } }
      return withHeaders(changed, { ...from.request.headers, ...headers })
    },
  }
}
