const clocks = new WeakMap()

export default function ({ data, parentElement, setTriggerValue }) {
  const { header, urls } = unpack(data, parentElement)
  const list = parentElement.querySelector(".gallery")
  list.ariaLabel = header.label

  if (list.dataset.key !== header.key) {
    const focused = list.querySelector("li:focus-within")?.dataset.run
    list.dataset.key = header.key
    list.replaceChildren(...urls.map(empty))
    header.cards.forEach((card, index) => (list.children[index].dataset.run = card.run_id))
    if (focused) list.querySelector(`[data-run="${CSS.escape(focused)}"] .open`)?.focus()
  }
  header.cards.forEach((card, index) => fill(list.children[index], card, setTriggerValue))
  clearInterval(clocks.get(list))
  clocks.set(list, setInterval(() => list.querySelectorAll("time").forEach(tell), 30_000))
  return () => {
    clearInterval(clocks.get(list))
    release(parentElement)
  }
}

function empty(url) {
  const item = document.createElement("li")
  item.innerHTML = `
    <button type="button" class="open">
      <span class="picture"><img><span class="badge"></span><span class="mark"></span></span>
      <span class="prompt"></span>
      <span class="facts"></span>
      <span class="facts"><time></time><span class="cost"></span></span>
    </button>
    <button type="button" class="star">
      <svg viewBox="0 0 24 24" aria-hidden="true"><path d="m12 3 2.7 5.8 6.3.8-4.6 4.4 1.2 6.3L12 17.2 6.4 20.3 7.6 14 3 9.6l6.3-.8z"/></svg>
    </button>`
  item.querySelector("img").src = url
  return item
}

function fill(item, card, setTriggerValue) {
  const find = selector => item.querySelector(selector)
  item.dataset.run = card.run_id
  find("img").alt = card.alt
  for (const name of ["prompt", "facts", "cost", "badge", "mark"]) find("." + name).textContent = card[name]
  find(".badge").dataset.state = card.state
  find(".open").onclick = () => setTriggerValue("chosen", card.run_id)

  const star = find(".star")
  star.ariaLabel = "Star"
  star.title = card.starred ? "Starred" : "Star"
  star.ariaPressed = card.starred
  star.onclick = () => setTriggerValue("starred", [card.run_id, !card.starred])

  const time = find("time")
  time.dateTime = new Date(card.created_at * 1000).toISOString()
  time.title = new Date(card.created_at * 1000).toLocaleString()
  tell(time)
}

function tell(time) {
  const then = new Date(time.dateTime)
  const minutes = Math.floor((Date.now() - then) / 60_000)
  const year = then.getFullYear() === new Date().getFullYear() ? undefined : "numeric"
  if (minutes < 1) time.textContent = "just now"
  else if (minutes < 60) time.textContent = `${minutes} min ago`
  else if (minutes < 24 * 60) time.textContent = `${Math.floor(minutes / 60)} h ago`
  else time.textContent = then.toLocaleDateString("en", { day: "numeric", month: "short", year })
}
