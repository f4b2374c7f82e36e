// The globe's shaders. Colours are written as they shall appear (sRGB).

export const earthVertex = /* glsl */ `
  varying vec3 vNormal;
  varying vec3 vWorld;
  void main() {
    vNormal = normalize(position);
    vWorld = position;
    gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0);
  }`;

export const earthFragment = /* glsl */ `
  uniform sampler2D land;
  uniform vec3 sun;
  uniform vec3 oceanDay, oceanNight, landDay, landNight;
  varying vec3 vNormal;
  varying vec3 vWorld;
  const float PI = 3.14159265358979;
  void main() {
    vec3 n = normalize(vNormal);
    vec2 uv = vec2(atan(n.y, n.x) / (2.0 * PI) + 0.5, asin(clamp(n.z, -1.0, 1.0)) / PI + 0.5);
    float m = smoothstep(0.35, 0.65, texture2D(land, uv).r);
    float d = dot(n, sun);
    float day = smoothstep(-0.09, 0.16, d);
    float high = 0.82 + 0.28 * max(d, 0.0);
    vec3 colour = mix(mix(oceanNight, landNight, m), mix(oceanDay, landDay, m) * high, day);
    vec3 view = normalize(cameraPosition - vWorld);
    vec3 mirror = reflect(-sun, n);
    colour += (1.0 - m) * day * 0.13 * pow(max(dot(mirror, view), 0.0), 22.0) * vec3(0.75, 0.9, 1.0);
    float rim = pow(1.0 - max(dot(n, view), 0.0), 3.2);
    colour += rim * mix(vec3(0.05, 0.09, 0.14), vec3(0.16, 0.34, 0.50), day);
    colour += vec3(0.10, 0.065, 0.03) * exp(-pow(d / 0.03, 2.0)) * 0.3;
    gl_FragColor = vec4(colour, 1.0);
  }`;

export const airFragment = /* glsl */ `
  uniform vec3 sun;
  varying vec3 vNormal;
  varying vec3 vWorld;
  void main() {
    vec3 view = normalize(cameraPosition - vWorld);
    float edge = max(dot(normalize(vNormal), -view), 0.0);
    float glow = pow(edge * 2.6, 2.4);
    float day = smoothstep(-0.35, 0.5, dot(normalize(vNormal), sun));
    gl_FragColor = vec4(mix(vec3(0.05, 0.10, 0.18), vec3(0.25, 0.55, 0.85), day), glow * (0.25 + 0.75 * day) * 0.55);
  }`;

export const dotVertex = /* glsl */ `
  attribute vec3 colour;
  attribute float size;
  uniform float ratio;
  varying vec3 vColour;
  varying float vSize;
  void main() {
    vColour = colour;
    vec4 at = modelViewMatrix * vec4(position, 1.0);
    gl_Position = projectionMatrix * at;
    vSize = size * ratio * clamp(2.6 / -at.z, 0.75, 2.2);
    gl_PointSize = vSize;
  }`;

export const dotFragment = /* glsl */ `
  varying vec3 vColour;
  varying float vSize;
  void main() {
    float r = length(gl_PointCoord - 0.5) * 2.0;
    float core = 1.0 - smoothstep(0.34, 0.34 + 2.5 / vSize, r);
    float halo = pow(max(1.0 - r, 0.0), 2.0) * 0.38;
    float a = max(core, halo);
    if (a < 0.01) discard;
    gl_FragColor = vec4(vColour, a);
  }`;

export const linkVertex = /* glsl */ `
  attribute vec4 tint;
  attribute vec2 along;
  varying vec4 vTint;
  varying vec2 vAlong;
  void main() {
    vTint = tint;
    vAlong = along;
    gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0);
  }`;

// along.x runs from 0 to 1 over the link, along.y is 1 where it carries bundles.
export const linkFragment = /* glsl */ `
  uniform float phase;
  varying vec4 vTint;
  varying vec2 vAlong;
  void main() {
    float wave = fract(vAlong.x - phase);
    float pulse = vAlong.y * smoothstep(0.82, 1.0, wave) * 0.65;
    gl_FragColor = vec4(mix(vTint.rgb, vec3(1.0), pulse), vTint.a + pulse);
  }`;
