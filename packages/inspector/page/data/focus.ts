import { useEffect, useRef } from 'preact/hooks'
import { linkLeftBy, useRoute, type PageRoute } from './route.ts'

// Milliseconds that a list may take until the link is there again.
const WAIT = 3000

/**
 * Puts the focus where the reader is, if a step to another place took away what had it: after a step back on the link that was
 * followed, on the row whose detail was closed, on a detail that covers the list, else on the main part of the page.
 */
export function useFocusOnWay(): void {
  const route = useRoute()
  const last = useRef(route)
  useEffect(() => {
    const before = last.current
    last.current = route
    if (before === route) return
    let watch: MutationObserver | undefined
    const stop = (): void => watch?.disconnect()
    const timer = setTimeout(stop, WAIT)
    // The second frame has what the step has drawn.
    let frame = requestAnimationFrame(() => {
      frame = requestAnimationFrame(() => {
        if (!isLost() || found(before, route)) return
        const main = document.querySelector('main')
        main?.focus({ preventScroll: true })
        watch = new MutationObserver(() => {
          if (document.activeElement !== main || found(before, route)) stop()
        })
        if (main) watch.observe(main, { childList: true, subtree: true })
      })
    })
    return () => {
      stop()
      clearTimeout(timer)
      cancelAnimationFrame(frame)
    }
  }, [route])
}

function isLost(): boolean {
  return [null, document.body, document.querySelector('main')].includes(
    document.activeElement as HTMLElement | null,
  )
}

function found(before: PageRoute, { screen, open }: PageRoute): boolean {
  const left = linkLeftBy()
  const element =
    [...document.querySelectorAll('main a')].find((one) => one.getAttribute('href') === left) ??
    (open === '' && before.open !== ''
      ? document.querySelector(`[data-id="${CSS.escape(before.open)}"] a`)
      : screen === 'list' && open !== ''
        ? document.querySelector('.detail')
        : undefined)
  if (!(element instanceof HTMLElement)) return false
  element.focus({ preventScroll: true })
  return document.activeElement === element
}
