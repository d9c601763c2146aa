import type { InspectorRequest } from './request.ts'

/** The header that an action needs: a form or an image of another site cannot send it. */
const ACTION_HEADER = 'x-postern-action'

/**
 * True if the page itself sent an action. The browser says so in `Sec-Fetch-Site`; without it (plain HTTP of another
 * machine) `Origin` must name the Host. A request that has neither is refused.
 */
export function isSameOrigin({ header }: InspectorRequest): boolean {
  if (header(ACTION_HEADER) !== '1') return false
  const site = header('sec-fetch-site')
  if (site !== undefined) return site === 'same-origin'
  const origin = header('origin')
  if (origin === undefined || !URL.canParse(origin)) return false
  return new URL(origin).host === header('host')?.toLowerCase()
}

/**
 * True if a page of another site asks: it could not read the reply, but would cost what the reply costs, or sign in and
 * out. A link of another site may lead to the document.
 */
export function isForeign({ header, method }: InspectorRequest, isDocument: boolean): boolean {
  const site = header('sec-fetch-site')
  if (method !== 'GET' && method !== 'HEAD') return site === 'cross-site' || site === 'same-site'
  return site === 'cross-site' && !isDocument
}
