export default function ({ data, parentElement }) {
  const { header, urls } = unpack(data, parentElement)
  const find = selector => parentElement.querySelector(selector)
  const stage = find(".stage")

  stage.style.setProperty("--aspect", header.aspect)
  stage.style.setProperty("--tallest", header.tallest)
  stage.dataset.state = header.state
  show(find(".before"), urls[0], header.alts[0])
  if (header.state === "compared") {
    show(find(".after"), urls[1], header.alts[1])
    slide(stage, find("input"), header.labels)
  }
  return () => release(parentElement)
}

function show(image, url, alt) {
  if (image.src !== url) image.src = url
  image.alt = alt
}

function slide(stage, slider, [before, after]) {
  const [left, right] = stage.querySelectorAll(".label")
  left.textContent = before
  right.textContent = after
  const move = () => {
    const share = Math.round(slider.value)
    stage.style.setProperty("--position", slider.value + "%")
    // A label over the other side's picture would say something untrue.
    left.hidden = share < 20
    right.hidden = share > 80
    slider.setAttribute("aria-valuetext", `${share} % ${before}, ${100 - share} % ${after}`)
  }
  slider.oninput = move
  move()
}
