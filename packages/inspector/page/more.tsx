/** The screens that are not the first one: a script of their own, which the page loads next to the first. */
export { Actions } from './actions/actions.tsx'
export { Detail } from './detail/detail.tsx'
export { List } from './list/list.tsx'
export { KeysHelp } from './parts/keys-help.tsx'
