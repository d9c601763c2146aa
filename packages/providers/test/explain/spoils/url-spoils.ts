import type { FindingCause } from '@postern/core/explain'
import type { Spoil } from './spoil.ts'

/** What happens to URLs. */
export const URLS: readonly Spoil[] = [
  url('http', 'url-scheme', (target) => {
    target.protocol = 'http:'
    return {}
  }),
  url('inner host', 'url-host', (target) => {
    target.hostname = 'app.internal'
    return { 'x-forwarded-host': 'hooks.example.com' }
  }),
  url('inner port', 'url-port', (target) => {
    target.port = '8080'
    return {}
  }),
  url('port of https', 'url-port', (target) => {
    target.href = target.href.replace('.com/', '.com:443/')
    return {}
  }),
  url('forwarded', 'url-host', (target) => {
    target.hostname = '10.0.0.7'
    return { forwarded: 'for=1.2.3.4;host=hooks.example.com;proto=https' }
  }),
  url('without www', 'url-host', (target) => {
    target.hostname = `www.${target.hostname}`
    return {}
  }),
  url('stage added', 'url-path', (target) => {
    target.pathname = `/prod${target.pathname}`
    return {}
  }),
  url('slash twice', 'url-path', (target) => {
    target.pathname = `/${target.pathname}`
    return {}
  }),
  url('query lost', 'url-query', (target) => {
    const { pathname, search } = target
    target.search = ''
    return { 'x-original-uri': pathname + search }
  }),
  url('blank as plus', 'url-query', (target) => {
    target.search = target.search.replace('%20', '+')
    return {}
  }),
  url('prefix cut', 'url-path', (target) => {
    target.pathname = '/here'
    return { 'x-forwarded-prefix': '/in' }
  }),
  url('slash added', 'url-path', (target) => {
    target.pathname += '/'
    return {}
  }),
  url('parameter added', 'url-query', (target) => {
    target.search += '&utm=1'
    return {}
  }),
  url('parameters sorted', 'parameters-order', (target) => {
    target.search = '?a=1&b=2&c=x%20y'
    return {}
  }),
]

function url(
  name: string,
  cause: FindingCause,
  change: (url: URL) => Record<string, string> | undefined,
): Spoil {
  return {
    name,
    cause,
    apply(from, { provider }) {
      if (!provider().covers.url) return undefined
      const target = new URL(from.request.url)
      const headers = change(target)
      if (headers === undefined) return undefined
      return {
        ...from,
        request: {
          ...from.request,
          url: target.href,
          headers: { ...from.request.headers, ...headers },
        },
      }
    },
  }
}
