import type { PagePlace } from '../page-place.ts'
import { isPage, problemReply } from '../replies.ts'
import type { InspectorReply, InspectorRequest } from '../request.ts'
import { gateDocument } from './document.ts'

/** Why somebody may not come in. */
export interface Refusal {
  readonly status: 401 | 403 | 429
  readonly error: string
  /** What the page has as its head, and what it says below: plain text without signs of HTML. */
  readonly title: string
  readonly message: string
  /** Seconds. */
  readonly retryAfter?: number
}

/** A refusal: a page where a browser opens the document, else an error of the API. */
export function refusalReply(
  request: InspectorRequest,
  { route, self }: PagePlace,
  { status, error, title, message, retryAfter }: Refusal,
): InspectorReply {
  const problem = problemReply(status, error, message, retryAfter)
  if (!isPage(request, route === '')) return problem
  const page = gateDocument(
    status,
    title,
    `<h1>${title}</h1><p>${message[0]!.toUpperCase()}${message.slice(1)}.</p><p><a href="${self}">Open the page again</a></p>`,
  )
  return { ...page, headers: { ...problem.headers, ...page.headers } }
}
