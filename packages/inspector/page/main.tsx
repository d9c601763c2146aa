import { render } from 'preact'
import { App } from './app.tsx'
import { takeKeys } from './data/keys.ts'
import { followLinks } from './data/route.ts'
import './style/style.css'

// A session was there before the address with its key was opened: the key stays in no history.
if (location.hash.startsWith('#key='))
  history.replaceState(history.state, '', location.pathname + location.search)
document.addEventListener('click', followLinks)
document.addEventListener('keydown', takeKeys)
const page = document.querySelector('#page')!
page.textContent = ''
render(<App />, page)
