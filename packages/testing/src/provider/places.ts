import type { SignableRequest } from '@postern/core/scheme'

/** A place in the head of a request: a header or a query parameter. */
export type HeadPlace =
  | { readonly header: string; readonly query?: undefined }
  | { readonly query: string; readonly header?: undefined }

/** Headers and query parameters in which two requests differ. */
export function differences(a: SignableRequest, b: SignableRequest): readonly HeadPlace[] {
  const places: HeadPlace[] = []
  for (const [header, value] of Object.entries(a.headers))
    if (b.headers[header] !== value) places.push({ header })
  const other = new URL(b.url).searchParams
  for (const [query, value] of new URL(a.url).searchParams)
    if (other.get(query) !== value) places.push({ query })
  return places
}

/** The request with another value in that place. */
export function replaceAt(
  request: SignableRequest,
  place: HeadPlace,
  value: string,
): SignableRequest {
  if (place.header !== undefined)
    return { ...request, headers: { ...request.headers, [place.header]: value } }
  const url = new URL(request.url)
  url.searchParams.set(place.query, value)
  return { ...request, url: url.href }
}
