import { formToObject, parseForm } from './form.ts'

/**
 * The fields of a URL's query string, as {@link formToObject} returns them.
 *
 * @throws WebhookError `malformed_body` if there are more than `fields` of them.
 */
export function queryToObject(url: string, fields: number): Record<string, string | string[]> {
  return formToObject(parseForm(queryOf(url), fields))
}

function queryOf(url: string): string {
  const hash = url.indexOf('#')
  const head = hash === -1 ? url : url.slice(0, hash)
  const mark = head.indexOf('?')
  return mark === -1 ? '' : head.slice(mark + 1)
}
