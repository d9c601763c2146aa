/** The meaning of a request's path: the route that it asks for, and the mount path before this route. */
export interface PagePlace {
  /** `''` is the document; otherwise the path after `~/`, such as `page.js`. */
  readonly route: string
  readonly query: URLSearchParams
  /** The start of the relative URLs in the document. */
  readonly base: string
  /** The relative URL from the document to itself, without the query. */
  readonly self: string
  /**
   * The path before `/~/`. For the document: the path without a slash at the end. All requests of a page have the same
   * mount.
   */
  readonly mount: string
  /** The name of the app, as plain text that is not escaped for HTML. */
  readonly app: string
}

/**
 * Finds the place of a request by its path. Everything but the document is under `<mount>/~/`. Relative URLs in the
 * document start with the last segment of the document's path. So these URLs work behind a proxy that removes a prefix,
 * and with or without a slash at the end of the path.
 */
export function pagePlaceOf(target: string, app = 'postern'): PagePlace {
  const hash = target.indexOf('#')
  const whole = hash < 0 ? target : target.slice(0, hash)
  const mark = whole.indexOf('?')
  const path = mark < 0 ? whole : whole.slice(0, mark)
  const query = new URLSearchParams(mark < 0 ? '' : whole.slice(mark + 1))
  // Some proxies write `~` as `%7E`.
  const plain = path.replaceAll(/\/%7e\//gi, '/~/')
  const at = plain.lastIndexOf('/~/')
  if (at >= 0)
    return { route: plain.slice(at + 3), query, base: '', self: '', mount: plain.slice(0, at), app }
  const self = `./${quoted(path.slice(path.lastIndexOf('/') + 1))}`
  return {
    route: '',
    query,
    base: self === './' ? './~/' : `${self}/~/`,
    self,
    mount: path.replace(/\/+$/, ''),
    app,
  }
}

/** Escapes the last segment of a path for an HTML attribute. */
function quoted(segment: string): string {
  return segment.replaceAll(
    /[^\w\-.~%!*()@:$+,;=]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`,
  )
}
