import type { JSX } from 'preact'
import { go, hrefHere } from '../data/route.ts'

/** The parts of a delivery, one at a time; arrows go from one to the next. */
export function Tabs({
  tabs,
  current,
  children,
}: {
  tabs: readonly (readonly [id: string, title: string])[]
  current: string
  children: preact.ComponentChildren
}): JSX.Element {
  const press = (event: KeyboardEvent): void => {
    const at = tabs.findIndex(([id]) => id === current)
    const last = tabs.length - 1
    const to = {
      ArrowRight: at === last ? 0 : at + 1,
      ArrowLeft: at === 0 ? last : at - 1,
      Home: 0,
      End: last,
    }[event.key]
    if (to === undefined) return
    event.preventDefault()
    const list = event.currentTarget as HTMLElement
    go(hrefHere({ tab: tabs[to]![0] }), true)
    ;(list.children[to] as HTMLElement).focus()
  }
  return (
    <>
      <div role="tablist" aria-label="Parts of the delivery" class="tabs" onKeyDown={press}>
        {tabs.map(([id, title]) => (
          <button
            key={id}
            type="button"
            role="tab"
            id={`tab-${id}`}
            aria-selected={id === current}
            aria-controls="tab-panel"
            tabIndex={id === current ? 0 : -1}
            onClick={() => go(hrefHere({ tab: id }), true)}
          >
            {title}
          </button>
        ))}
      </div>
      <div role="tabpanel" id="tab-panel" class="tab-panel" aria-labelledby={`tab-${current}`}>
        {children}
      </div>
    </>
  )
}
