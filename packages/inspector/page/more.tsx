/** The other screens: a separate script that the page loads after the first one. */
export { Actions } from './actions/actions.tsx'
export { Detail } from './detail/detail.tsx'
export { List } from './list/list.tsx'
export { KeysHelp } from './parts/keys-help.tsx'
