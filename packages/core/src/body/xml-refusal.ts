import { WebhookError } from '../errors.ts'

/** Throws `malformed_body` with the line it is about; nothing of the document is quoted. */
export function refuse(text: string, at: number, reason: string): never {
  const line = text.slice(0, at).split('\n').length
  throw new WebhookError('malformed_body', `the XML body ${reason} (line ${line})`)
}

/** Throws `too_deep`. */
export function refuseDepth(limit: number): never {
  throw new WebhookError('too_deep', `the XML body is nested deeper than limits.depth (${limit})`)
}
