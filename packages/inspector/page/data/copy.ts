import { inertText } from '@postern/core/inert'
import { note } from './announce.ts'

/**
 * Copies a text, and shows a note. Returns false if the browser does not allow copying. The caller must then show the
 * text. Control characters and line breaks become escapes, so that a terminal runs nothing when the text is pasted.
 * With `isInert`, the text needs no escapes and is copied unchanged.
 */
export async function copyText(text: string, what: string, isInert = false): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(isInert ? text : inertText(text))
  } catch {
    note(`The browser does not let this page copy. Open it over https, or select the ${what}.`)
    return false
  }
  note(`Copied the ${what}.`)
  return true
}
