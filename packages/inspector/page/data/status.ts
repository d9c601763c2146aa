import type { Action, StatusReply } from '../../src/api.ts'
import { createContext } from 'preact'
import { useContext } from 'preact/hooks'

export const StatusContext = createContext<StatusReply>(undefined as never)

/** Returns the facts that stay the same while the page is open. */
export function useStatus(): StatusReply {
  return useContext(StatusContext)
}

export function useMay(action: Action): boolean {
  return useStatus().visitor.actions.includes(action)
}
