import type { JSX } from 'preact'
import { count } from '../../words/count.ts'
import { safe } from '../../words/safe.ts'
import { hasParts } from './parse.ts'
import { STEP, type PayloadLine } from './tree.ts'
import { ValueText } from './value.tsx'

/** Deeper lines do not move further in: they would leave the page. */
const DEEPEST = 24

/** One line of the tree. */
export function TreeLine({
  line,
  isChosen,
  isHit,
  choose,
}: {
  line: PayloadLine
  isChosen: boolean
  isHit: boolean
  choose: () => void
}): JSX.Element {
  const { path, name, value, isOpen, at, of, rest } = line
  const depth = rest === undefined ? path.length : path.length + 1
  const folds = rest === undefined && hasParts(value)
  return (
    <div
      role="treeitem"
      class={`line${isChosen ? ' chosen' : ''}${isHit ? ' hit' : ''}`}
      style={{ paddingLeft: `${Math.min(depth, DEEPEST) * 16 + 20}px` }}
      tabIndex={isChosen ? 0 : -1}
      aria-level={depth + 1}
      aria-setsize={of}
      aria-posinset={at}
      aria-expanded={folds ? isOpen : undefined}
      aria-selected={isChosen}
      onClick={choose}
    >
      {folds && (
        <span class="fold-sign" aria-hidden="true">
          {isOpen ? '▾' : '▸'}
        </span>
      )}
      {rest !== undefined ? (
        <span class="more">
          show {count(Math.min(STEP, rest))} more of {count(rest)}
        </span>
      ) : (
        <>
          {depth > DEEPEST && <span class="muted">{depth} levels in · </span>}
          {name !== undefined && (
            <>
              <span class={typeof name === 'number' ? 'index' : 'name'}>
                <bdi>{typeof name === 'number' ? name : safe(name.slice(0, 200))}</bdi>
              </span>
              <span class="muted">: </span>
            </>
          )}
          <ValueText value={value} isOpen={isOpen} />
        </>
      )}
    </div>
  )
}
