import { useLayoutEffect, useRef } from 'preact/hooks'
import { useKeys } from '../data/keys.ts'

/**
 * Focuses a form when it opens, and closes the form with Escape. When the form closes, the element focused before gets
 * the focus back.
 */
export function useForm<Form extends HTMLElement>(
  close: () => void,
): preact.RefObject<Form | null> {
  const form = useRef<Form>(null)
  useKeys({ Escape: close })
  useLayoutEffect(() => {
    const before = document.activeElement as HTMLElement | null
    const { current } = form
    const find = (selector: string): HTMLElement | null | undefined =>
      current?.querySelector(selector)
    // A disabled button cannot get the focus. The focus would stay on the earlier button, and the next Enter would
    // press that button.
    const first =
      find('textarea, [type=text]') ??
      find('.main:not([disabled])') ??
      find('input, select') ??
      current
    first?.focus()
    return () => {
      if (current?.contains(document.activeElement)) before?.focus()
    }
  }, [])
  return form
}
