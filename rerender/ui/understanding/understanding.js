const PAUSE_MS = 250
const AGAIN_MS = 1000

let timer, heard

// `data.text` is the text whose words are shown.
export default function ({ data, setTriggerValue }) {
  const field = () => [...document.querySelectorAll("textarea")].find(area => area.ariaLabel === data.label)
  const tell = () => {
    const text = wellFormed(field()?.value ?? data.text)
    if (text === data.text) return
    setTriggerValue("text", text)
    // Where the whole page is drawn at the same moment, it can swallow what was told.
    wait(AGAIN_MS)
  }
  const wait = milliseconds => {
    clearTimeout(timer)
    timer = setTimeout(tell, milliseconds)
  }
  document.removeEventListener("input", heard)
  heard = event => event.target === field() && wait(PAUSE_MS)
  document.addEventListener("input", heard)
  // The page may have been drawn again, with the text as it was sent last, in the middle of a word.
  wait(PAUSE_MS)
  return () => {
    clearTimeout(timer)
    document.removeEventListener("input", heard)
  }
}

// Half a character cannot travel, and would be told again and again.
function wellFormed(text) {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(new TextEncoder().encode(text))
}
